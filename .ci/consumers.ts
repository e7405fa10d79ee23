import { deepStrictEqual, match } from 'node:assert/strict';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { Checks } from './checks.ts';
import { verdictsOn } from './manifests/render.ts';
import { outputOf, said } from './programs.ts';
import { textOf } from './repository.ts';

/**
 * What `npm run test:consumers` needs besides servers, and what it cannot run: the manifests for External Secrets
 * Operator, which its own definitions judge. The report goes to the file named on the command line.
 */
const OPERATOR = 'github.com/external-secrets/external-secrets@v1.3.2';
const KINDS = ['secretstores', 'externalsecrets'];
const TOOLS = { s3cmd: '--version', rclone: 'version', restic: 'version' };

const checks = new Checks();
const scratch = mkdtempSync(join(tmpdir(), 'rekeyd-consumers-'));

function isThere(tool: string, version: string): boolean {
  try {
    return said(tool, [version]).code === 0;
  } catch {
    return false;
  }
}

function ensureTools(): void {
  const missing = Object.entries(TOOLS).flatMap(([tool, version]) => (isThere(tool, version) ? [] : [tool]));
  if (missing.length === 0) return;
  outputOf('apt-get', ['update', '--quiet']);
  outputOf('apt-get', ['install', '--yes', '--quiet', '--no-install-recommends', ...missing]);
}

const downloaded = z.looseObject({ Dir: z.string() });

/** The operator's definitions of its kinds, out of its Go module. */
function definitions(): string {
  const { Dir: module } = downloaded.parse(
    JSON.parse(outputOf('go', ['mod', 'download', '-json', OPERATOR], { cwd: scratch })),
  );
  const folder = join(scratch, 'crds');
  mkdirSync(folder);
  for (const kind of KINDS) {
    const file = `external-secrets.io_${kind}.yaml`;
    copyFileSync(join(module, 'config', 'crds', 'bases', file), join(folder, file));
  }
  return folder;
}

try {
  await checks.check('s3cmd, rclone and restic are there or can be installed', ensureTools);
  const manifests = textOf('deploy', 'consumers', 'external-secrets.yaml');
  let crds = '';
  await checks.check('the definitions of External Secrets Operator can be had', () => {
    crds = definitions();
  });
  await checks.check('its manifests are as External Secrets Operator wants them', () => {
    const fine = { metadata: {}, status: 'Success', message: '' };
    deepStrictEqual(verdictsOn(manifests, scratch, crds), [fine, fine]);
  });
  await checks.check('and one with a misspelt key is found to be wrong', () => {
    const [, second] = verdictsOn(manifests.replace('property: region', 'properties: region'), scratch, crds);
    match(second?.message ?? '', /unknown field/);
  });
} finally {
  rmSync(scratch, { recursive: true, force: true });
  checks.report();
}
