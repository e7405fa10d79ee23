import { globSync, readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { licencesPage, unknownLicences, writtenLicencesPage } from '../.ci/licences.ts';
import { directDependencies, productionTree, reachedFrom, readLockFile } from '../.ci/lock-file.ts';
import { fileOf } from '../.ci/repository.ts';
import { type BillOfMaterials, billOfMaterials } from '../.ci/sbom.ts';

const read = (file: string): string => readFileSync(fileOf(file), 'utf8');
const lock = readLockFile();
const direct = directDependencies(lock);
const packages = productionTree(lock);
const nameAndVersion = ({ name, version }: { name: string; version: string }): string => `${name}@${version}`;

describe('the page on the supply chain', () => {
  const page = read('docs/SUPPLY-CHAIN.md');
  const rows = [...page.matchAll(/^\| `([^`]+)` \| (\d+) \| (\d+) \| \[([^\]]+)\]/gm)];

  /** How many packages would not be there without this one. */
  const alone = (name: string): number =>
    packages.length -
    reachedFrom(
      lock,
      direct.filter((other) => other !== name),
    ).size;

  test('has a row for each dependency, with how many packages it needs and how many are there for it alone', () => {
    const described = rows.map(([, name, needs, only]) => [name, Number(needs), Number(only)]);
    const real = direct.map((name) => [name, reachedFrom(lock, [name]).size - 1, alone(name)]);
    expect(described).toEqual(real);
  });

  test('says how many packages are installed in production', () => {
    expect(page).toContain(`In production ${packages.length} packages are installed: the ${direct.length} below`);
  });

  test('names the repository that each installed package names itself', () => {
    const manifest = z.object({ repository: z.union([z.string(), z.object({ url: z.string() })]) });
    for (const [, name = '', , , repository = ''] of rows) {
      const { repository: own } = manifest.parse(JSON.parse(read(`node_modules/${name}/package.json`)));
      expect((typeof own === 'string' ? own : own.url).replace(/\.git$/, ''), name).toMatch(
        new RegExp(`(^|[/:])${repository.replaceAll('.', '\\.')}$`),
      );
    }
  });
});

describe('a package in production', () => {
  test('is there because rekeyd or another one needs it, and npm says the same', () => {
    const kept = Object.entries(lock.packages).filter(([folder, { dev }]) => folder !== '' && dev !== true);
    expect(packages.map(({ folder }) => folder).toSorted()).toEqual(kept.map(([folder]) => folder).toSorted());
  });

  test('runs nothing when it is installed, and is the very one that was looked at', () => {
    expect(packages.filter(({ hasInstallScript }) => hasInstallScript)).toEqual([]);
    expect(packages.filter(({ integrity }) => integrity?.startsWith('sha512-') !== true)).toEqual([]);
  });

  test('has a licence that was looked at', () => {
    expect(unknownLicences(packages)).toEqual([]);
  });

  test('without a licence, with a choice of licences or with another one has to be looked at', () => {
    const [first] = packages;
    if (!first) throw new Error('there are no packages');
    const others = [undefined, '(MIT OR GPL-3.0-only)', 'GPL-3.0-only'].map((licence) => ({ ...first, licence }));
    expect(unknownLicences([first, ...others])).toHaveLength(3);
  });

  test('is listed with its licence', () => {
    expect(writtenLicencesPage(), 'npx node .ci/licences.ts writes it').toBe(licencesPage(packages));
  });

  test('that rekeyd asks for has one exact version and is imported somewhere', () => {
    const asked = lock.packages['']?.dependencies ?? {};
    const source = globSync('src/**/*.ts', { cwd: fileOf() }).map(read).join('\n');
    for (const [name, version] of Object.entries(asked)) {
      expect(version, name).toMatch(/^\d+\.\d+\.\d+$/);
      expect(source, name).toMatch(new RegExp(`from '${name}(/[^']+)?'`));
    }
  });
});

describe('the bill of materials', () => {
  let sbom: BillOfMaterials;
  beforeAll(() => {
    sbom = billOfMaterials(lock);
  });

  test('has every package in production, and none besides', () => {
    expect(sbom.components.map(nameAndVersion).toSorted()).toEqual(packages.map(nameAndVersion).toSorted());
  });

  test('is of this version of rekeyd', () => {
    expect(sbom.metadata.component).toMatchObject({ name: 'rekeyd', version: lock.version, type: 'application' });
  });

  test('names each package for others to find, with the checksum that npm ci demands', () => {
    const locked = new Map(packages.map((it) => [nameAndVersion(it), it.integrity]));
    for (const { name, version, purl, hashes } of sbom.components) {
      expect(purl).toBe(`pkg:npm/${name.replace('@', '%40')}@${version}`);
      const sums = hashes.map(({ alg, content }) => `${alg} ${Buffer.from(content, 'hex').toString('base64')}`);
      expect(sums).toEqual([locked.get(`${name}@${version}`)?.replace('sha512-', 'SHA-512 ')]);
    }
  });

  test('says what rekeyd itself asks for, and what each of them needs', () => {
    const needs = new Map(sbom.dependencies.map(({ ref, dependsOn }) => [ref, dependsOn.toSorted()]));
    const asked = packages.filter(({ folder, name }) => direct.includes(name) && folder === `node_modules/${name}`);
    expect(needs.get(`rekeyd@${lock.version}`)).toEqual(asked.map(nameAndVersion).toSorted());
    expect([...needs.keys()].toSorted()).toEqual(
      [`rekeyd@${lock.version}`, ...packages.map(nameAndVersion)].toSorted(),
    );
  });

  test('is the same whenever it is made', () => {
    expect(billOfMaterials(lock)).toEqual(sbom);
  });
});

describe('a workflow', () => {
  const files = globSync('.github/workflows/*.yml', { cwd: fileOf() });
  const rights = z.record(z.string(), z.enum(['read', 'write']));
  const workflow = z.looseObject({
    permissions: z.strictObject({}),
    jobs: z.record(z.string(), z.looseObject({ permissions: rights })),
  });

  test('pins each action to a commit, with its version beside it, the same everywhere', () => {
    const used = files.flatMap((file) =>
      [...read(file).matchAll(/^\s*(?:- )?uses: (.+)$/gm)].map(([, action = '']) => action),
    );
    const others = used.filter((action) => !action.startsWith('./'));
    expect(others.length).toBeGreaterThan(10);
    for (const action of others) expect(action).toMatch(/^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
    expect(new Set(others.map((action) => action.split('@')[0])).size).toBe(new Set(others).size);
  });

  test.each(files)('gives no rights by itself, and a job those that it names: %s', (file) => {
    expect(() => workflow.parse(parse(read(file)))).not.toThrow();
  });

  test('that checks may only read; only the release may sign or write', () => {
    const { jobs } = workflow.parse(parse(read('.github/workflows/ci.yml')));
    expect(Object.values(jobs).map(({ permissions }) => permissions)).toEqual(
      Object.values(jobs).map(() => ({ contents: 'read' })),
    );
  });
});
