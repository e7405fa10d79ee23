import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureServer } from '../test/real/servers/build.ts';
import { VAULT } from '../test/real/servers/cache.ts';
import { Checks } from './checks.ts';
import { checkCompose } from './containers/compose.ts';
import { checkDaemon } from './containers/daemon.ts';
import { checkImage } from './containers/image.ts';
import { IMAGES, PATIENT, podman, removeAll } from './containers/podman.ts';
import { checkReadme } from './containers/readme.ts';
import { outputOf } from './programs.ts';
import { fileOf } from './repository.ts';

/**
 * Builds the image, looks into it, drives rekeyd in it locked down against a real Vault, and runs docker-compose.yml until
 * its consumer has lived through ten rotations; at last it types what README.md says. Prints size, start time and memory.
 * Needs podman, buildah and podman-compose, and the two public base images, pulled or made in their stead.
 */
const checks = new Checks();
const scratch = mkdtempSync(join(tmpdir(), 'rekeyd-containers-'));
// whoever rekeyd runs as in a container reads in there
chmodSync(scratch, 0o755);
/** Where no registry is reached, a tool beside the repository makes the base images; it is given a Vault. */
const standIn = fileOf('..', 'shared', 'tools', 'stand-in-images');

function isHere(image: string): boolean {
  return podman('images', '--quiet', image) !== '';
}

// However it ends, it leaves nothing behind; after the SIGTERM of its time-out it has 30 s for that.
process.once('exit', () => {
  rmSync(scratch, { recursive: true, force: true });
  removeAll();
});
// each time, since a time-out sends two: the second would end what the first began
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));

try {
  await checks.check('the base images are here', async () => {
    if (existsSync(standIn)) outputOf(standIn, [await ensureServer(VAULT, (line) => checks.say(line))], PATIENT);
    for (const image of [IMAGES.node, IMAGES.vault]) if (!isHere(image)) podman('pull', image);
  });
  // an earlier run that was killed could not
  removeAll();
  await checkImage(checks);
  await checkDaemon(checks, scratch);
  await checkCompose(checks);
  removeAll();
  await checkReadme(checks, scratch);
} finally {
  checks.report();
}
