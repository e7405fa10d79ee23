import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { changelog, newestRelease } from './changelog.ts';
import { readLockFile } from './lock-file.ts';
import { outputOf } from './programs.ts';
import { billOfMaterials } from './sbom.ts';

/**
 * `node .ci/release.ts TAG FOLDER` leaves in FOLDER what a release consists of: the package, its bill of materials,
 * SHA256SUMS of both, and notes.md. It refuses where the tag, package.json and the changelog name different versions.
 */
const [, , tag = '', folder = ''] = process.argv;
const lock = readLockFile();
const { version, notes } = newestRelease(changelog());

if (folder === '') throw new Error('usage: node .ci/release.ts TAG FOLDER');
if (tag !== `v${lock.version}` || version !== lock.version) {
  throw new Error(`the tag is ${tag}, package-lock.json has ${lock.version}, the newest in CHANGELOG.md is ${version}`);
}

const into = resolve(folder);
mkdirSync(into, { recursive: true });
if (readdirSync(into).length > 0) throw new Error(`${into} is not empty`);

outputOf('npm', ['pack', '--loglevel=error', '--pack-destination', into]);
writeFileSync(join(into, `rekeyd-${version}.cdx.json`), `${JSON.stringify(billOfMaterials(lock), undefined, 2)}\n`);

const sums = readdirSync(into).map((file) => {
  const sum = createHash('sha256').update(readFileSync(join(into, file)));
  return `${sum.digest('hex')}  ${file}\n`;
});
writeFileSync(join(into, 'SHA256SUMS'), sums.join(''));
writeFileSync(join(into, 'notes.md'), `${notes}\n`);
