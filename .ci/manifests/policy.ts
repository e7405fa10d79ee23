import { type PolicyDraft, readPolicy } from '../../src/policy/load.ts';
import { attemptMs } from '../../src/rotation/world.ts';
import { said } from '../programs.ts';
import { fileOf } from '../repository.ts';

/** Time to close everything after the last attempt has ended, in seconds: at least so much must be left. */
const CLOSING_S = 20;

/** Throws with what it said unless `rekeyd check --offline` has nothing against a policy, warnings included. */
export function mustPassCheck(policyFile: string): void {
  const main = fileOf('src', 'main.ts');
  const { code, out, err } = said(process.execPath, [main, 'check', '--offline', '--config', policyFile]);
  const isWell = code === 0 && /^ok .*\n$/.test(out);
  if (!isWell) throw new Error(`exit code ${code}:\n${out}${err}`);
}

/** How long a daemon with this policy may take to end, in seconds. */
export async function stopSeconds(policyFile: string): Promise<number> {
  const { applications } = await policyOf(policyFile);
  const attempts = [...applications.values()].map((application) => attemptMs(application));
  return Math.max(...attempts) / 1_000 + CLOSING_S;
}

export function policyOf(policyFile: string): Promise<PolicyDraft> {
  return readPolicy(policyFile, {});
}

/** Every `{ file: … }` of a policy, as it stands there. */
export function secretFiles(content: unknown): readonly string[] {
  if (typeof content !== 'object' || content === null) return [];
  return Object.entries(content).flatMap(([key, value]) =>
    key === 'file' && typeof value === 'string' ? [value] : secretFiles(value),
  );
}
