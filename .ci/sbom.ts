import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { type LockFile, readLockFile, withoutDevelopment } from './lock-file.ts';
import { outputOf } from './programs.ts';
import { textOf } from './repository.ts';

/** A bill of materials in the form of CycloneDX, as far as it is looked into here. */
const document = z.looseObject({
  bomFormat: z.literal('CycloneDX'),
  specVersion: z.string(),
  metadata: z.looseObject({ component: z.looseObject({ name: z.string(), version: z.string(), type: z.string() }) }),
  components: z.array(
    z.looseObject({
      'bom-ref': z.string(),
      name: z.string(),
      version: z.string(),
      purl: z.string(),
      hashes: z.array(z.object({ alg: z.string(), content: z.string() })),
    }),
  ),
  dependencies: z.array(z.looseObject({ ref: z.string(), dependsOn: z.array(z.string()) })),
});
export type BillOfMaterials = z.infer<typeof document>;

/**
 * What is installed in production, by `npm sbom`. npm is given a lock file without development: with `--omit dev` it
 * leaves out every package that a development dependency needs as well (npm/cli#7909).
 */
export function billOfMaterials(lock: LockFile): BillOfMaterials {
  const scratch = mkdtempSync(join(tmpdir(), 'rekeyd-sbom-'));
  try {
    // npm names the whole after the folder
    const cwd = join(scratch, 'rekeyd');
    mkdirSync(cwd);
    writeFileSync(join(cwd, 'package-lock.json'), JSON.stringify(withoutDevelopment(lock)));
    writeFileSync(join(cwd, 'package.json'), JSON.stringify(productionManifest()));
    const args = [
      'sbom',
      '--offline',
      '--package-lock-only',
      '--sbom-format',
      'cyclonedx',
      '--sbom-type',
      'application',
    ];
    return reproducible(document.parse(JSON.parse(outputOf('npm', args, { cwd }))));
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function productionManifest(): object {
  const manifest = z.looseObject({}).parse(JSON.parse(textOf('package.json')));
  return { ...manifest, devDependencies: undefined };
}

/** Without the time, and with a serial number taken from the content: the same lock file makes the same bytes. */
function reproducible(sbom: BillOfMaterials): BillOfMaterials {
  const still = { ...sbom, serialNumber: undefined, metadata: { ...sbom.metadata, timestamp: undefined } };
  return { ...still, serialNumber: `urn:uuid:${uuidOf(JSON.stringify(still))}` };
}

/** A UUID of version 8 (RFC 9562: its bits are ours to choose), taken from a hash. */
function uuidOf(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    '-',
  );
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const text = `${JSON.stringify(billOfMaterials(readLockFile()), undefined, 2)}\n`;
  const [, , file] = process.argv;
  if (file === undefined) process.stdout.write(text);
  else writeFileSync(file, text);
}
