import type { CurrentStanding, Observation } from './observe.ts';
import type { World } from './world.ts';
import type { Written } from './write.ts';

/** What a look would see right after a write that certainly stands; without one nothing has changed. */
export function observationAfter(before: Observation, written: Written | undefined, world: World): Observation {
  if (!written) return before;
  const now = world.clock.now();
  const serverTime = before.stored.serverTime + (now - before.readAt);
  const { version, data, expiresAt } = written;
  const stored = { state: 'present' as const, version, serverTime, createdAt: serverTime, data };
  return {
    ...before,
    stored: expiresAt === undefined ? stored : { ...stored, expiresAt },
    record: { state: 'record', record: written.record },
    readAt: now,
    current: currentAfter(before, written),
  };
}

/** A write of the same credential says nothing new of it; a new one was verified a moment ago. */
function currentAfter(before: Observation, { record }: Written): CurrentStanding {
  const known = before.record.state === 'record' ? before.record.record.credential?.id : undefined;
  if (record.credential?.id === known) return before.current;
  return { is: record.credential ? 'listed' : 'none' };
}
