import { stringify } from 'safe-stable-stringify';
import { type Problem, problemOf } from './errors.ts';
import type { World } from './world.ts';
import type { Written } from './write.ts';

const TRIES = 3;
const PAUSE_MS = 500;

/**
 * What Vault returns must be what was written, to the byte. A difference is tried again and then returned for people
 * to see; it never takes anything back.
 */
export async function readBack(path: string, written: Written, world: World): Promise<Problem | undefined> {
  let reason = '';
  for (let tries = 0; tries < TRIES; tries += 1) {
    if (tries > 0) await world.clock.sleep(PAUSE_MS);
    const difference = await differenceAt(path, written, world);
    if (difference === undefined) return undefined;
    reason = difference;
  }
  const remedy = 'Read the secret by hand; a replica of Vault may lag behind. The old key lives on through its grace.';
  return { code: 'read-back-differs', reason, remedy };
}

async function differenceAt(path: string, written: Written, world: World): Promise<string | undefined> {
  try {
    const stored = await world.store.read(path);
    if (stored.version > written.version) return undefined;
    if (stored.state !== 'present' || stored.version < written.version) {
      return `version ${written.version} was written, but ${stored.state} version ${stored.version} is read`;
    }
    const same = stringify(stored.data.reveal()) === stringify(written.data.reveal());
    return same ? undefined : `version ${written.version} does not read back as it was written`;
  } catch (error) {
    return problemOf(error).reason;
  }
}

/** A mirror of the record for people, beside the secret. Never read back. Throws `PortError`. */
export async function mirror(path: string, { record }: Written, world: World): Promise<void> {
  await world.store.annotate(path, {
    rekeyd_application: `${record.owner}/${record.application}`,
    rekeyd_generation: String(record.generation),
    rekeyd_access_key_id: record.credential?.access_key_id ?? '',
    rekeyd_published_at: record.published_at,
    rekeyd_rotate_at: record.rotate_at,
  });
}
