import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { Checks } from './checks.ts';
import { readLockFile } from './lock-file.ts';
import { said } from './programs.ts';
import { type BillOfMaterials, billOfMaterials } from './sbom.ts';
import { ensureNpmTool } from './tools.ts';

/** What of the supply chain needs more than this repository: CycloneDX's own validator and npm's list of advisories. */
const VALIDATOR = {
  '@cyclonedx/cyclonedx-library': '10.3.0',
  ajv: '8.20.0',
  'ajv-formats': '3.0.1',
  'ajv-formats-draft2019': '1.6.1',
};

/** The part of CycloneDX's library that is used here. */
interface Library {
  readonly Validation: {
    readonly JsonStrictValidator: new (version: string) => { validate(json: string): Promise<unknown> };
  };
}

/** What the schema of CycloneDX has against it; `null`: nothing. */
async function faultsOf(sbom: BillOfMaterials): Promise<unknown> {
  const folder = ensureNpmTool('cyclonedx-validator', VALIDATOR);
  const entry = createRequire(join(folder, 'package.json')).resolve('@cyclonedx/cyclonedx-library');
  const { Validation }: Library = await import(pathToFileURL(entry).href);
  return new Validation.JsonStrictValidator(sbom.specVersion).validate(JSON.stringify(sbom));
}

const answer = z.looseObject({ metadata: z.looseObject({ vulnerabilities: z.looseObject({ total: z.int() }) }) });

/** How many advisories there are; `undefined`: this registry keeps no list of them. */
function advisories(...flags: readonly string[]): number | undefined {
  const { out } = said('npm', ['audit', '--json', ...flags]);
  const parsed = answer.safeParse(JSON.parse(out || '{}'));
  return parsed.success ? parsed.data.metadata.vulnerabilities.total : undefined;
}

const checks = new Checks();
const sbom = billOfMaterials(readLockFile());

await checks.check("the bill of materials is as CycloneDX's schema wants it", async () => {
  const faults = await faultsOf(sbom);
  if (faults !== null) throw new Error(JSON.stringify(faults, undefined, 2));
});

await checks.check('and would not be with a component of a kind that there is not', async () => {
  const [first, ...others] = sbom.components;
  if (!first) throw new Error('it has no components');
  const wrong = { ...sbom, components: [{ ...first, type: 'nonsense' }, ...others] };
  if ((await faultsOf(wrong)) === null) throw new Error('the validator finds no fault with it');
});

const found = advisories();
if (found === undefined) {
  checks.say('not checked: npm audit, since this registry answers no such question; the CI workflow asks');
} else {
  await checks.check('npm audit knows of no advisory', () => {
    if (found > 0) throw new Error(`it knows of ${found}: npm audit shows them`);
  });
}

checks.report();
