import type { FieldMapping } from '../policy/policy.ts';
import { rescheduledAt, scheduleText } from '../policy/schedule.ts';
import { Secret } from '../policy/secret.ts';
import { authorOf, scheduleDiffers } from './drift.ts';
import { fieldsToWrite, pairIn } from './mapping.ts';
import { isMarkedFor, nextGeneration } from './marker.ts';
import type { KeyPair } from './ports.ts';
import { type CurrentCredential, iso, type RotationRecord } from './record.ts';
import { highestGeneration, later, type Situation, scheduleTime } from './situation.ts';
import { carriedEntries, strayEntries } from './superseded.ts';
import { verify } from './verify.ts';
import type { World } from './world.ts';
import { commit, draftFields, draftRecord, type Written } from './write.ts';

/** The same credential under a new mapping or at a new endpoint: verified there first, else nothing is written. */
export async function republish(s: Situation, world: World): Promise<Written> {
  const record = existing(s.record, 'republish');
  const pair = pairToVerify(s, record.fields);
  await verify(pair, s.target, s.application.verify, world);
  const fields = fieldsToWrite(s.application.fields, record.fields);
  const draft = draftFields(s, fields, pair, { ...record, ...newSchedule(s, record), by: world.replica });
  const written = await commit(s, draft, world);
  world.report({ event: 'secret.republished', ...names(s, written) });
  return written;
}

/** A changed schedule enters the record; the secret stays as it is. */
export async function reschedule(s: Situation, world: World): Promise<Written> {
  const record = existing(s.record, 'reschedule');
  const draft = draftRecord(s, { ...record, ...newSchedule(s, record), by: world.replica });
  const written = await commit(s, draft, world);
  world.report({ event: 'schedule.changed', ...names(s, written), rotateAt: Date.parse(written.record.rotate_at) });
  return written;
}

/** The same once more, so that the store's time for deleting it starts anew. */
export async function renew(s: Situation, world: World): Promise<Written> {
  const record = existing(s.record, 'renew');
  const superseded = [...carriedEntries(s, record)];
  const written = await commit(s, draftRecord(s, { ...record, by: authorOf(s, record), superseded }), world);
  world.report({ event: 'secret.renewed', ...names(s, written) });
  return written;
}

/** Takes over a hand-made secret, or another application's record, once its key has proved to work. */
export async function adopt(seen: Situation, world: World): Promise<Written> {
  const pair = pairToVerify(seen, seen.record?.fields ?? seen.application.fields);
  await verify(pair, seen.target, seen.application.verify, world);
  // graces start at the write, however long the verification took
  const s = later(seen, world.clock.now());
  const record = s.record ? renamed(s, s.record, world) : takenOver(s, pair, world);
  const fields = fieldsToWrite(s.application.fields, s.record?.fields ?? {});
  const written = await commit(s, draftFields(s, fields, pair, record), world);
  world.report({ event: 'credential.adopted', ...names(s, written) });
  return written;
}

function newSchedule(s: Situation, record: RotationRecord): Pick<RotationRecord, 'schedule' | 'rotate_at'> {
  const { schedule, rotate_at } = record;
  if (!scheduleDiffers(s, record)) return { schedule, rotate_at };
  const { rotate } = s.application;
  const at = rescheduledAt(rotate, Date.parse(record.published_at), scheduleTime(s), {
    ...s.bearer,
    generation: record.generation,
  });
  return { schedule: scheduleText(rotate), rotate_at: iso(at) };
}

/** From exactly that record: its credential was issued for somebody else, so only a person revokes it later. */
function renamed(s: Situation, record: RotationRecord, world: World): RotationRecord {
  const credential = record.credential && { ...record.credential, adopted: true };
  const superseded = [...carriedEntries(s, record)];
  return { ...record, ...s.bearer, ...newSchedule(s, record), credential, superseded, by: world.replica };
}

function takenOver(s: Situation, pair: KeyPair, world: World) {
  const seen = s.observation.list.byAccessKeyId(pair.accessKeyId);
  if (!seen) throw new Error('adoption was decided without the key in the list');
  const ours = isMarkedFor(seen.marker, s.bearer) ? seen.marker : undefined;
  const generation = ours?.generation ?? nextGeneration(highestGeneration(s));
  const credential: CurrentCredential = {
    id: seen.id,
    access_key_id: seen.accessKeyId,
    instance: s.observation.instance,
    issued_at: iso(ours?.attemptedAt ?? seen.createdAt ?? s.now),
    ...(ours ? {} : { adopted: true }),
  };
  const others = s.strays.filter((stray) => stray.id !== seen.id);
  return {
    v: 1 as const,
    ...s.bearer,
    generation,
    by: world.replica,
    credential,
    ...firstSchedule(s, generation),
    superseded: [...strayEntries(s, { strays: others, why: 'stray' })],
  };
}

function firstSchedule(s: Situation, generation: number) {
  const { rotate } = s.application;
  const at = scheduleTime(s);
  const rotateAt = rescheduledAt(rotate, at, at, { ...s.bearer, generation });
  return { published_at: iso(at), rotate_at: iso(rotateAt), schedule: scheduleText(rotate) };
}

function pairToVerify(s: Situation, fields: FieldMapping): KeyPair {
  return existing(pairIn(new Secret(s.data), fields), 'verify');
}

function existing<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`nothing to ${what} was observed`);
  return value;
}

function names(s: Situation, { record, version }: Written) {
  return {
    application: s.application.name,
    instance: s.observation.instance,
    generation: record.generation,
    version,
    ...(record.credential && { credentialId: record.credential.id, accessKeyId: record.credential.access_key_id }),
  };
}
