import { amended, objectionTo, stands } from './amendment.ts';
import { unmetForWrite } from './conditions.ts';
import { authorOf } from './drift.ts';
import { PortError } from './errors.ts';
import type { EventName } from './events.ts';
import { gatherForWrite } from './gather.ts';
import type { Trouble } from './outcome.ts';
import { refusalOf } from './refusals.ts';
import type { Amendment } from './rotator.ts';
import type { Situation } from './situation.ts';
import type { World } from './world.ts';
import { commit, type Written } from './write.ts';

/** How an amendment ended, with the situation that it was last judged by. Without `trouble` the record says so now. */
export interface Amended {
  readonly s: Situation;
  readonly written?: Written;
  readonly trouble?: Trouble;
}

/** Others may write at the same moment, and an answer may be lost: then everything is looked at anew. */
const TRIES = 4;

/**
 * Writes an amendment into the record, compared with the version it was built from like every other write. After a
 * conflict or an unclear answer the record is read anew, and what stands there already is not written again. `look`
 * reads and observes. Throws `PortError`.
 */
export async function amend(amendment: Amendment, look: () => Promise<Situation>, world: World): Promise<Amended> {
  for (let tries = 1; ; tries += 1) {
    const s = await look();
    const trouble = await obstacleTo(s, amendment, world);
    if (trouble) return { s, trouble };
    if (stands(s, amendment)) return { s };
    try {
      return { s, written: await write(s, amendment, world) };
    } catch (error) {
      if (!(error instanceof PortError) || error.kind === 'unavailable' || tries >= TRIES) throw error;
      if (error.kind === 'rejected' && error.code !== 'conflict') throw error;
    }
  }
}

async function obstacleTo(s: Situation, amendment: Amendment, world: World): Promise<Trouble | undefined> {
  const refusal = refusalOf(s, 'all') ?? objectionTo(s, amendment);
  if (refusal) return { kind: 'refused', ...refusal };
  if (stands(s, amendment)) return undefined;
  const [blocked] = unmetForWrite(await gatherForWrite(s, world));
  return blocked && { kind: 'blocked', ...blocked };
}

async function write(s: Situation, amendment: Amendment, world: World): Promise<Written> {
  if (!s.record) throw new Error('a record is amended, and there is none');
  const by = authorOf(s, s.record);
  const written = await commit(s, amended(s, { ...s.record, by }, amendment, world.replica), world);
  tell(s, amendment, written, world);
  return written;
}

const EVENTS: Readonly<Record<Amendment['amend'], EventName>> = {
  hold: 'hold.set',
  release: 'hold.released',
  shorten: 'grace.shortened',
  retire: 'application.retired',
};

function tell(s: Situation, amendment: Amendment, { record, version }: Written, world: World): void {
  const about = { application: s.application.name, issuer: s.application.issuer, instance: s.observation.instance };
  const entry =
    amendment.amend === 'shorten' ? record.superseded.find(({ id }) => id === amendment.credentialId) : undefined;
  world.report({
    event: EVENTS[amendment.amend],
    ...about,
    generation: record.generation,
    version,
    ...(entry && {
      credentialId: entry.id,
      accessKeyId: entry.access_key_id,
      revokeAt: Date.parse(entry.revoke_at ?? ''),
    }),
    ...(amendment.amend === 'hold' && { why: amendment.why }),
  });
}
