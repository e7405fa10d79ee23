import { mkdir, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { readPolicy } from '../../src/policy/load.ts';
import { PolicySources } from '../../src/policy/sources.ts';
import { HEAD, written } from './written.ts';

const APP = 'applications:\n  a: { issuer: sto1, path: a }\n';

async function read(files: Record<string, string>) {
  const file = await written(files);
  const sources = new PolicySources(file);
  await readPolicy(file, {}, Date.now(), sources).catch(() => {});
  return { sources, folder: dirname(file) };
}

test('a look sees the same for as long as the same stands in the files, whatever their times', async () => {
  const { sources, folder } = await read({ 'rekeyd.yaml': `${HEAD}include: [ "apps-*.yaml" ]\n`, 'apps-a.yaml': APP });
  expect(await sources.look()).toBe(sources.read);
  await utimes(join(folder, 'apps-a.yaml'), 1, 1);
  await rename(join(folder, 'apps-a.yaml'), join(folder, 'apps-b.yaml'));
  expect(await sources.look()).not.toBe(sources.read);
  await rename(join(folder, 'apps-b.yaml'), join(folder, 'apps-a.yaml'));
  expect(await sources.look()).toBe(sources.read);
});

test.each([
  ['the policy file changes', (at: string) => writeFile(join(at, 'rekeyd.yaml'), HEAD)],
  ['the policy file goes', (at: string) => rm(join(at, 'rekeyd.yaml'))],
  ['an included file changes', (at: string) => writeFile(join(at, 'apps-a.yaml'), `${APP}# more\n`)],
  ['an included file goes', (at: string) => rm(join(at, 'apps-a.yaml'))],
  ['an included file comes', (at: string) => writeFile(join(at, 'apps-b.yaml'), APP)],
  [
    'an included file becomes a folder',
    async (at: string) => {
      await rm(join(at, 'apps-a.yaml'));
      await mkdir(join(at, 'apps-a.yaml'));
    },
  ],
])('a look sees that %s', async (_, change) => {
  const { sources, folder } = await read({ 'rekeyd.yaml': `${HEAD}include: [ "apps-*.yaml" ]\n`, 'apps-a.yaml': APP });
  await change(folder);
  expect(await sources.look()).not.toBe(sources.read);
});

test('a file that is no policy is looked at no less', async () => {
  const { sources, folder } = await read({ 'rekeyd.yaml': 'owner: [' });
  expect(await sources.look()).toBe(sources.read);
  await writeFile(join(folder, 'rekeyd.yaml'), HEAD);
  expect(await sources.look()).not.toBe(sources.read);
});

test('changes show in the folders of the policy and of what it includes', async () => {
  const { sources, folder } = await read({ 'rekeyd.yaml': `${HEAD}include: [ "apps/*.yaml", "x/y.yaml" ]\n` });
  expect(sources.folders).toEqual([folder, join(folder, 'apps'), join(folder, 'x')]);
});
