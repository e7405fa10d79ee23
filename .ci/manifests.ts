import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Checks } from './checks.ts';
import { checkKubernetes } from './manifests/kubernetes.ts';
import { checkSystemd } from './manifests/systemd.ts';

/**
 * What stands in deploy/kubernetes and deploy/systemd: is it as Kubernetes and systemd want it, and does it keep what it
 * promises? Nothing is started. The report goes to the file named on the command line.
 */
const checks = new Checks();
const scratch = mkdtempSync(join(tmpdir(), 'rekeyd-manifests-'));
try {
  await checkKubernetes(checks, scratch);
  await checkSystemd(checks, scratch);
} finally {
  rmSync(scratch, { recursive: true, force: true });
  checks.report();
}
