import { setTimeout as sleep } from 'node:timers/promises';
import type { Parts } from '../parts.ts';
import type { Problem } from '../rotation/errors.ts';
import type { Outcome, SupersededView } from '../rotation/outcome.ts';
import { iso } from '../rotation/record.ts';
import { problemsText } from './problems-text.ts';
import { EXIT, type Terminal } from './terminal.ts';

/** How the wait for a revocation ended. `stopped`: the person left before that. */
export type Ending =
  | { readonly is: 'revoked' | 'stopped' }
  | { readonly is: 'alive'; readonly problems: readonly Problem[] };

/** Tells it, and returns the exit code: 1 where the key lives on. `afterwards`: who revokes it where the person left. */
export function tellEnding(accessKeyId: string, ending: Ending, afterwards: string, terminal: Terminal): number {
  if (ending.is === 'alive') terminal.write(problemsText(`${accessKeyId} lives on`, ending.problems, terminal));
  else terminal.write(`${accessKeyId}: ${ending.is === 'revoked' ? 'revoked' : `not revoked yet; ${afterwards}`}\n`);
  return ending.is === 'revoked' ? EXIT.done : EXIT.failed;
}

/** Waits for so many ms; false: the person left before that. */
export async function waited(ms: number, { stopped }: Pick<Terminal, 'stopped'>): Promise<boolean> {
  const over = new AbortController();
  const asleep = sleep(ms, true, { signal: over.signal }).catch(() => false);
  try {
    return await Promise.race([asleep, stopped.then(() => false)]);
  } finally {
    over.abort();
  }
}

/** Past its time by so many ms it should be revoked; clocks may be a second or two apart. */
const PATIENCE_MS = 15_000;
const PAUSE_MS = { shortest: 250, longest: 10_000 } as const;

/** A credential of an application's past. */
interface Past {
  readonly credentialId: string;
  readonly instance: string;
}

/**
 * Looks after an application until one of its superseded credentials is revoked, by this process or another replica. It
 * only enters strays and revokes meanwhile, by the same rules as every replica: nothing is rotated. Only a later list of
 * its own instance that lacks it says that it is gone: a record that no longer names it says nothing.
 */
export async function untilRevoked(
  { credentialId, instance }: Past,
  seen: Outcome,
  { rotator, lists, options: { clock } }: Parts,
  terminal: Pick<Terminal, 'stopped'>,
): Promise<Ending> {
  let outcome = seen;
  let hasTried = false;
  for (;;) {
    const entry = entryIn(outcome, credentialId);
    if (outcome.view && !entry) {
      const list = await lists.after(instance, lists.mark());
      return list.byId(credentialId) ? { is: 'alive', problems: [forgotten(outcome)] } : { is: 'revoked' };
    }
    const isLate = entry?.revokeAt == null || clock.now() > entry.revokeAt + PATIENCE_MS;
    const mayTry = isTidyingUp(outcome, clock.now());
    // one whose time is long past is tried all the same: only then is there anything to tell
    const hindrance = mayTry && !hasTried ? undefined : hindranceOf(outcome, isLate, clock.now());
    if (hindrance) return { is: 'alive', problems: hindrance };
    if (mayTry) {
      hasTried = true;
      outcome = await rotator.pass(outcome.application);
      continue;
    }
    const pause = Math.min(Math.max(outcome.nextAt - clock.now(), PAUSE_MS.shortest), PAUSE_MS.longest);
    if (!(await waited(pause, terminal))) return { is: 'stopped' };
    outcome = (await rotator.survey([outcome.application], async () => {}))[0] ?? outcome;
  }
}

function entryIn({ view }: Outcome, credentialId: string): SupersededView | undefined {
  return view?.superseded.find((entry) => entry.credentialId === credentialId);
}

function isTidyingUp({ deed, nextAt, trouble }: Outcome, now: number): boolean {
  return trouble === undefined && nextAt <= now && (deed === 'revoke' || deed === 'enter-strays');
}

/** What keeps it alive although its time has come, or for longer than anybody waits. */
function hindranceOf(
  { trouble, notices, view }: Outcome,
  isLate: boolean,
  now: number,
): readonly Problem[] | undefined {
  const hold = view?.hold;
  if (hold && hold.until > now) return [heldProblem(view.application, hold.until)];
  if (!isLate) return undefined;
  if (trouble && trouble.code !== 'retired') return [trouble];
  return notices;
}

/** Why a record that should name it does not. */
function forgotten({ application, trouble }: Outcome): Problem {
  if (trouble && trouble.code !== 'retired') return trouble;
  return {
    code: 'not-superseded',
    reason: `the record of ${application} no longer names it: somebody brought an older version back`,
    remedy: 'Ask again: it is a stray now, and is entered anew.',
  };
}

function heldProblem(application: string, until: number): Problem {
  const reason = `${application} is on hold until ${iso(until)}: nothing of it is revoked before that`;
  return { code: 'on-hold', reason, remedy: `rekeyd release ${application} ends the hold.` };
}
