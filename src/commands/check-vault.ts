import type { Parts } from '../parts.ts';
import { formatDistance } from '../policy/duration.ts';
import type { ApplicationPolicy } from '../policy/policy.ts';
import { unmetForWrite } from '../rotation/conditions.ts';
import { type Problem, problemOf } from '../rotation/errors.ts';
import { NOTICES } from '../rotation/notices.ts';
import { CLOCK_TOLERANCE_MS } from '../rotation/world.ts';
import { attempt, type Found } from './check-finding.ts';

/** The way in, what kind of mount it is, the namespace, and the clocks. What follows fails alike where the first does. */
export async function checkVault(parts: Parts, found: Found): Promise<void> {
  const { policy, vault } = parts;
  const isIn = await attempt(
    `log in to Vault at ${policy.vault.address} (${policy.vault.auth.method})`,
    found,
    async () => {
      await vault.login();
      return lifeText(parts);
    },
  );
  const [application] = policy.applications.values();
  if (!isIn || !application) return;
  await checkMount(parts, application, found);
  await checkClocks(parts, application, found);
}

function lifeText({ vault, options }: Parts): string {
  const { expiresAt = Number.POSITIVE_INFINITY } = vault.tokenStanding();
  if (!Number.isFinite(expiresAt)) return 'the token lives for ever';
  return `the token lives for ${formatDistance(expiresAt - options.clock.now())}`;
}

/** Both are the same for all paths of the mount, so one of them shows it. */
async function checkMount({ policy, vault }: Parts, { path }: ApplicationPolicy, found: Found): Promise<void> {
  const { mount, namespace } = policy.vault;
  const began = performance.now();
  const timed = () => ({ durationMs: Math.round(performance.now() - began) });
  try {
    const standing = await vault.standing(path, 0);
    const unmet = unmetForWrite({ standing, path, graceMs: 0, lifetimeMs: Number.POSITIVE_INFINITY });
    const tell = (code: string, what: string, well: string) => {
      const problem = unmet.find((one) => one.code === code);
      found(problem ? { what, is: 'wrong', problem, ...timed() } : { what: `${what}: ${well}`, is: 'ok', ...timed() });
    };
    tell('mount-not-kv2', `look at the mount ${mount}`, 'KV version 2');
    if (namespace !== undefined) tell('namespace-unproven', `look at the namespace ${namespace}`, 'it exists');
  } catch (error) {
    found({ what: `look at the mount ${mount}`, is: 'wrong', problem: problemOf(error), ...timed() });
  }
}

/** Vault tells the time with each answer, in whole seconds. */
async function checkClocks({ options, vault }: Parts, { path }: ApplicationPolicy, found: Found): Promise<void> {
  const what = 'compare this machine’s clock with Vault’s';
  const before = options.clock.now();
  try {
    const { serverTime } = await vault.read(path);
    const after = options.clock.now();
    const apartMs = serverTime < before ? before - serverTime : Math.max(0, serverTime - after);
    const durationMs = after - before;
    if (apartMs > CLOCK_TOLERANCE_MS) found({ what, is: 'wrong', problem: apart(apartMs), durationMs });
    else found({ what: `${what}: ${apartText(apartMs)}`, is: 'ok', durationMs });
  } catch (error) {
    // what is wrong with the path itself stands with its application
    found({ what, is: 'warning', problem: problemOf(error), durationMs: options.clock.now() - before });
  }
}

function apartText(ms: number): string {
  return ms < 2_000 ? 'they agree' : `${Math.round(ms / 1_000)} s apart, of 60 s that may be`;
}

function apart(ms: number): Problem {
  const code = 'clocks-disagree';
  const { remedy = '' } = NOTICES.find((notice) => notice.code === code) ?? {};
  const reason = `they are ${Math.round(ms / 1_000)} s apart: no revocation, no scheduled rotation`;
  return { code, reason, remedy };
}
