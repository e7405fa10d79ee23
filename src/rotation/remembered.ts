import type { PutOff } from './lists.ts';
import type { Observation } from './observe.ts';
import { revokeTime } from './record.ts';
import { usedEntries } from './revocation.ts';
import type { StoreSilences } from './silence.ts';
import type { Situation } from './situation.ts';
import type { World } from './world.ts';

/** What this process remembers of revocations that concern the record's superseded credentials. */
export function revocationsOf(
  { application, record, lists }: Observation,
  world: World,
  silences: StoreSilences,
): Pick<Situation, 'revokedSince' | 'putOff'> {
  const silence = silences.putOff(application, world.clock.now());
  const revokedSince = new Set<string>();
  const putOff = new Map<string, PutOff>();
  for (const entry of record.state === 'record' ? record.record.superseded : []) {
    const list = lists.get(entry.instance);
    if (list && world.lists.wasRevokedSince(list, entry.id)) revokedSince.add(entry.id);
    const own = world.lists.putOff(entry.instance, entry.id);
    if (own) putOff.set(entry.id, own);
    // a grace that a person shortened is theirs: they know that consumers may not have read the new one yet
    if (entry.shortened) continue;
    if (silence && silence.until > Math.max(revokeTime(entry), own?.until ?? 0)) putOff.set(entry.id, silence);
  }
  return { revokedSince, putOff };
}

/** Remembers which old keys stand in the secret right now: each gets a grace from when it was last seen there. */
export function rememberUsed(s: Situation, { lists }: Pick<World, 'lists'>): void {
  for (const entry of usedEntries(s)) lists.noteUsed(entry.instance, entry.id, usedLately(s));
}

/** Consumers may keep what they read for a while after somebody took it out again. */
function usedLately(s: Situation): PutOff {
  const problem = {
    code: 'used-lately',
    reason: 'it stood in the secret until lately, so consumers may still use it',
    remedy: 'Nothing to do: it is revoked a grace after it was last seen there.',
  };
  return { until: s.latest + s.application.graceMs, problem };
}
