import { rotateAt, scheduleText } from '../policy/schedule.ts';
import { Secret } from '../policy/secret.ts';
import { changedDescription, isTooLate, notNew, tooLate } from './attempt-errors.ts';
import { unmetForIssue } from './conditions.ts';
import type { Decision } from './decide.ts';
import { PortError, type Problem, problemOf } from './errors.ts';
import type { EventName, RotationEvent } from './events.ts';
import { gatherForIssue } from './gather.ts';
import { fieldsToWrite } from './mapping.ts';
import { formatMarker, newMarker } from './marker.ts';
import type { IssuedCredential } from './ports.ts';
import { readBack } from './readback.ts';
import { iso, revokeTime } from './record.ts';
import { later, type Situation, scheduleTime } from './situation.ts';
import { supersededByPublish } from './superseded.ts';
import { verify } from './verify.ts';
import { attemptMs, siteOf, type World } from './world.ts';
import { commit, type Draft, draftFields, ensureReadable, type Written } from './write.ts';

export type Rotation = Extract<Decision, { do: 'rotate' }>;

/** One attempt to give an application a new credential. */
interface Attempt {
  readonly s: Situation;
  readonly rotation: Rotation;
  readonly world: World;
  /** Unix ms after which nothing of this attempt may be published any more. */
  readonly deadline: number;
  readonly tell: (event: EventName, more?: Partial<RotationEvent>) => void;
}

/** A credential of this attempt, and when it was issued (Unix ms by our clock). */
interface Candidate extends IssuedCredential {
  readonly issuedAt: number;
}

export type Rotated =
  | { readonly blocked: Problem }
  | { readonly written: Written; readonly differs: Problem | undefined };

/**
 * issue → verify → publish → read back. Throws `PortError` when the attempt failed: what was issued then is revoked
 * while its publish was not sent, and left for the next look afterwards.
 */
export async function rotate(s: Situation, rotation: Rotation, world: World): Promise<Rotated> {
  const [blocked] = unmetForIssue(await gatherForIssue(s, rotation.entering, world));
  if (blocked) return { blocked };
  const attempt = begin(s, rotation, world);
  ensureReadable(s, draftPublish(attempt, anyCandidate(attempt)));
  tellBeginning(attempt);
  const candidate = await issue(attempt);
  await verifyOrRevoke(attempt, candidate);
  const written = await publish(attempt, candidate);
  return { written, differs: await lookBack(attempt, written) };
}

function begin(s: Situation, rotation: Rotation, world: World): Attempt {
  const about = {
    application: s.application.name,
    issuer: s.application.issuer,
    instance: s.observation.instance,
    generation: rotation.generation,
    why: rotation.why,
  };
  const deadline = world.clock.now() + attemptMs(s.application);
  return { s, rotation, world, deadline, tell: (event, more) => world.report({ ...about, ...more, event }) };
}

/** A gone credential is an outage until this attempt is through. */
function tellBeginning({ s, rotation, tell }: Attempt): void {
  const { credential, generation } = s.record ?? {};
  if (rotation.why === 'gone' && credential && generation !== undefined) {
    tell('credential.gone', { credentialId: credential.id, accessKeyId: credential.access_key_id, generation });
  }
  tell('rotation.started');
}

/** Stands for the one that is yet to be issued: what is wrong with everything else about the record shows by it. */
function anyCandidate({ world }: Attempt): Candidate {
  const name = 'candidate';
  const names = { id: name, accessKeyId: name, description: name, createdAt: undefined };
  return { ...names, secretAccessKey: new Secret(name), issuedAt: world.clock.now() };
}

async function issue(attempt: Attempt): Promise<Candidate> {
  const { s, rotation, world, tell } = attempt;
  const { issuer } = siteOf(world, s.application);
  const marker = newMarker({ ...s.bearer, generation: rotation.generation }, world.clock.now(), world.random);
  const description = formatMarker(marker);
  const ended = world.lists.issuing(issuer.instance);
  try {
    const { value: issued, durationMs } = await timed(world, () => issuer.issue(description));
    const trouble = strangeness(attempt, issued, description);
    if (trouble) {
      tell('candidate.left', { ...namesOf(issued), ...problemOf(trouble) });
      throw trouble;
    }
    tell('credential.issued', { ...namesOf(issued), step: 'issue', durationMs });
    return { ...issued, issuedAt: world.clock.now() };
  } finally {
    ended();
  }
}

/**
 * What came back is not certainly the credential that was asked for. Then nothing of it is touched, revoking least of
 * all: it may be somebody's.
 */
function strangeness({ s, world }: Attempt, issued: IssuedCredential, description: string): PortError | undefined {
  const { list, instance } = s.observation;
  if (list.byId(issued.id) || list.byAccessKeyId(issued.accessKeyId)) return notNew(instance);
  if (issued.description === description) return undefined;
  const trouble = changedDescription(instance);
  world.lists.distrust(instance, problemOf(trouble));
  return trouble;
}

/** Nothing of the candidate was published yet, so the attempt may take it back itself. */
async function verifyOrRevoke(attempt: Attempt, candidate: Candidate): Promise<void> {
  const { s, world } = attempt;
  try {
    const { durationMs } = await timed(world, () => verify(candidate, s.target, s.application.verify, world));
    attempt.tell('credential.verified', { ...namesOf(candidate), step: 'verify', durationMs });
  } catch (error) {
    await revokeCandidate(attempt, candidate);
    throw error;
  }
}

/** If even this fails the candidate is left: it shows as a stray and goes the way of strays. */
async function revokeCandidate({ s, world, tell }: Attempt, candidate: Candidate): Promise<void> {
  try {
    await siteOf(world, s.application).issuer.revoke(candidate.id);
    tell('candidate.revoked', namesOf(candidate));
  } catch (error) {
    const mayBeGone = error instanceof PortError && error.kind === 'ambiguous';
    world.lists.noteLeft(s.application.name, candidate.id, mayBeGone);
    tell('candidate.left', { ...namesOf(candidate), ...problemOf(error) });
  }
}

/** From here on nothing is taken back: whatever the answer, the write may have been applied. */
async function publish(attempt: Attempt, candidate: Candidate): Promise<Written> {
  const { world, tell } = attempt;
  try {
    const { value: written, durationMs } = await timed(world, () => commitPatiently(attempt, candidate));
    tell('credential.published', { ...namesOf(candidate), version: written.version, step: 'publish', durationMs });
    tellSuperseded(attempt, written);
    return written;
  } catch (error) {
    world.lists.noteLeft(attempt.s.application.name, candidate.id);
    const problem = problemOf(error);
    const event = isTooLate(problem) ? 'candidate.left' : 'publish.unconfirmed';
    tell(event, { ...namesOf(candidate), ...problem });
    throw error;
  }
}

function tellSuperseded({ s, tell }: Attempt, { record }: Written): void {
  const before = s.record;
  for (const entry of record.superseded.filter(({ id }) => id === before?.credential?.id)) {
    const revokeAt = entry.revoke_at === null ? null : revokeTime(entry);
    const names = { credentialId: entry.id, accessKeyId: entry.access_key_id, instance: entry.instance };
    tell('credential.superseded', { ...names, generation: before?.generation ?? 0, why: entry.why, revokeAt });
  }
}

const PUBLISH_PAUSES_MS = [1_000, 3_000, 9_000];

/** Only what was definitely not done may be sent again, and only with the very same comparison. */
async function commitPatiently(attempt: Attempt, candidate: Candidate): Promise<Written> {
  const { clock } = attempt.world;
  for (const pause of PUBLISH_PAUSES_MS) {
    try {
      return await commitInTime(attempt, candidate);
    } catch (error) {
      const again = error instanceof PortError && error.kind === 'unavailable';
      if (!again || clock.now() + pause >= attempt.deadline) throw error;
      await clock.sleep(pause);
    }
  }
  return commitInTime(attempt, candidate);
}

/** The machine may have slept in between: too late is looked at right before each send, and graces start there. */
async function commitInTime(attempt: Attempt, candidate: Candidate): Promise<Written> {
  const { s, world, deadline } = attempt;
  if (world.clock.now() >= deadline) throw tooLate(s.application.name);
  return commit(s, draftPublish(attempt, candidate), world);
}

function draftPublish({ s, rotation, world }: Attempt, candidate: Candidate): Draft {
  const now = world.clock.now();
  const { rotate } = s.application;
  const { generation } = rotation;
  const publishedAt = scheduleTime(s, now);
  const then = later(s, now);
  return draftFields(then, fieldsToWrite(s.application.fields, s.record?.fields ?? {}), candidate, {
    ...s.record,
    v: 1,
    ...s.bearer,
    generation,
    by: world.replica,
    credential: {
      id: candidate.id,
      access_key_id: candidate.accessKeyId,
      instance: s.observation.instance,
      issued_at: iso(candidate.issuedAt),
    },
    published_at: iso(publishedAt),
    rotate_at: iso(rotateAt(rotate, publishedAt, { ...s.bearer, generation })),
    schedule: scheduleText(rotate),
    superseded: supersededByPublish(then, rotation.entering),
  });
}

/** The credential is published; what goes wrong from here on is told and changes nothing. */
async function lookBack({ s, world, tell }: Attempt, written: Written): Promise<Problem | undefined> {
  const { version } = written;
  const { value: differs, durationMs } = await timed(world, () => readBack(s.application.path, written, world));
  if (differs) tell('read_back.differs', { version, ...differs });
  else tell('credential.read_back', { version, step: 'read_back', durationMs });
  return differs;
}

async function timed<T>(
  { clock }: World,
  work: () => Promise<T>,
): Promise<{ readonly value: T; readonly durationMs: number }> {
  const began = clock.now();
  const value = await work();
  return { value, durationMs: clock.now() - began };
}

function namesOf({ id, accessKeyId }: IssuedCredential) {
  return { credentialId: id, accessKeyId };
}
