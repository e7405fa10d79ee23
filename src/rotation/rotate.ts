import { rotateAt, scheduleText } from '../policy/schedule.ts';
import { unmet } from './conditions.ts';
import type { Decision } from './decide.ts';
import { PortError, type Problem, problemOf } from './errors.ts';
import type { RotationEvent } from './events.ts';
import { gather } from './gather.ts';
import { fieldsToWrite } from './mapping.ts';
import { formatMarker, newMarker } from './marker.ts';
import type { IssuedCredential } from './ports.ts';
import { mirror, readBack } from './readback.ts';
import { iso } from './record.ts';
import { revokeCandidate } from './retire.ts';
import type { Situation } from './situation.ts';
import { supersededByPublish } from './superseded.ts';
import { verify } from './verify.ts';
import { attemptMs, siteOf, type World } from './world.ts';
import { commit, type Draft, draftFields, type Written } from './write.ts';

type Rotation = Extract<Decision, { do: 'rotate' }>;

/** One attempt to give an application a new credential. */
interface Attempt {
  readonly s: Situation;
  readonly rotation: Rotation;
  readonly world: World;
  /** Unix ms after which nothing of this attempt may be published any more. */
  readonly deadline: number;
  readonly tell: (event: RotationEvent['event'], more?: Partial<RotationEvent>) => void;
}

export type Rotated =
  | { readonly blocked: Problem }
  | { readonly written: Written; readonly differs: Problem | undefined };

/**
 * issue → verify → publish → read back. Throws `PortError` when the attempt failed: what was issued then is revoked
 * while its publish was not sent, and left for the next look afterwards.
 */
export async function rotate(s: Situation, rotation: Rotation, world: World): Promise<Rotated> {
  const [blocked] = unmet(await gather(s, rotation, world));
  if (blocked) return { blocked };
  const attempt = begin(s, rotation, world);
  attempt.tell('rotation.started');
  const candidate = await issue(attempt);
  await verifyOrRevoke(attempt, candidate);
  const written = await publish(attempt, candidate);
  return { written, differs: await lookBack(attempt, written) };
}

/** The credential is published; what goes wrong from here on is told and changes nothing. */
async function lookBack(attempt: Attempt, written: Written): Promise<Problem | undefined> {
  const { s, world, tell } = attempt;
  const { path } = s.application;
  const { version } = written;
  const { value: differs, durationMs } = await timed(attempt, () => readBack(path, written, world));
  if (differs) tell('read_back.differs', { version, ...differs });
  else tell('credential.read_back', { version, step: 'read_back', durationMs });
  await mirror(path, written, world).catch((error) => tell('mirror.failed', { version, ...problemOf(error) }));
  return differs;
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

async function issue(attempt: Attempt): Promise<IssuedCredential> {
  const { s, rotation, world } = attempt;
  const { issuer } = siteOf(world, s.application);
  const marker = newMarker({ ...s.bearer, generation: rotation.generation }, world.clock.now(), world.random);
  const description = formatMarker(marker);
  const ended = world.lists.issuing(issuer.instance);
  try {
    const candidate = await timed(attempt, () => issuer.issue(description));
    attempt.tell('credential.issued', { ...namesOf(candidate.value), step: 'issue', durationMs: candidate.durationMs });
    if (candidate.value.description === description) return candidate.value;
    await revokeCandidate(s, candidate.value, issuer, world);
    throw changedDescription(issuer.instance);
  } finally {
    ended();
  }
}

/** Nothing of the candidate was published yet, so the attempt may take it back itself. */
async function verifyOrRevoke(attempt: Attempt, candidate: IssuedCredential): Promise<void> {
  const { s, world } = attempt;
  try {
    const { durationMs } = await timed(attempt, () => verify(candidate, s.target, s.application.verify, world));
    attempt.tell('credential.verified', { ...namesOf(candidate), step: 'verify', durationMs });
    if (world.clock.now() >= attempt.deadline) throw tooLate(s);
  } catch (error) {
    await revokeCandidate(s, candidate, siteOf(world, s.application).issuer, world);
    throw error;
  }
}

/** From here on nothing is taken back: whatever the answer, the write may have been applied. */
async function publish(attempt: Attempt, candidate: IssuedCredential): Promise<Written> {
  const { s, world } = attempt;
  const draft = draftPublish(attempt, candidate);
  try {
    const { value: written, durationMs } = await timed(attempt, () => commitPatiently(attempt, draft));
    const { version } = written;
    attempt.tell('credential.published', { ...namesOf(candidate), version, step: 'publish', durationMs });
    for (const entry of written.record.superseded.filter(({ id }) => id === s.record?.credential?.id)) {
      const revokeAt = entry.revoke_at === null ? null : Date.parse(entry.revoke_at);
      const names = { credentialId: entry.id, accessKeyId: entry.access_key_id, why: entry.why };
      const { generation } = s.record ?? {};
      world.report({
        event: 'credential.superseded',
        application: s.application.name,
        ...names,
        revokeAt,
        ...(generation !== undefined && { generation }),
      });
    }
    return written;
  } catch (error) {
    attempt.tell('publish.unconfirmed', { ...namesOf(candidate), ...problemOf(error) });
    throw error;
  }
}

const PUBLISH_PAUSES_MS = [1_000, 3_000, 9_000];

/** Only what was definitely not done may be sent again, and only with the very same comparison. */
async function commitPatiently({ s, world, deadline }: Attempt, draft: Draft): Promise<Written> {
  for (const pause of PUBLISH_PAUSES_MS) {
    try {
      return await commit(s, draft, world);
    } catch (error) {
      const again = error instanceof PortError && error.kind === 'unavailable';
      if (!again || world.clock.now() + pause >= deadline) throw error;
      await world.clock.sleep(pause);
    }
  }
  return commit(s, draft, world);
}

function draftPublish({ s, rotation, world }: Attempt, candidate: IssuedCredential): Draft {
  const now = world.clock.now();
  const { rotate } = s.application;
  const { generation } = rotation;
  return draftFields(s, fieldsToWrite(s.application.fields, s.record?.fields ?? {}), candidate, {
    ...s.record,
    v: 1,
    ...s.bearer,
    generation,
    by: world.replica,
    credential: {
      id: candidate.id,
      access_key_id: candidate.accessKeyId,
      instance: s.observation.instance,
      issued_at: iso(now),
    },
    published_at: iso(now),
    rotate_at: iso(rotateAt(rotate, now, { ...s.bearer, generation })),
    schedule: scheduleText(rotate),
    superseded: supersededByPublish({ ...s, latest: s.latest + (now - s.now) }, rotation.enter),
  });
}

async function timed<T>(
  { world }: Attempt,
  work: () => Promise<T>,
): Promise<{ readonly value: T; readonly durationMs: number }> {
  const began = world.clock.now();
  const value = await work();
  return { value, durationMs: world.clock.now() - began };
}

function namesOf(candidate: IssuedCredential) {
  return { credentialId: candidate.id, accessKeyId: candidate.accessKeyId };
}

function changedDescription(instance: string): PortError {
  return new PortError({
    kind: 'rejected',
    code: 'description-changed',
    attempted: `issue a credential on ${instance}`,
    reason: 'the issuer stored another description than it was given, so the credential could not be recognised',
    remedy: 'Ask the issuer what it does to descriptions; rekeyd cannot work without them.',
    concerns: 'server',
  });
}

function tooLate(s: Situation): PortError {
  return new PortError({
    kind: 'rejected',
    code: 'attempt-too-long',
    attempted: `rotate ${s.application.name}`,
    reason: 'it took longer than an attempt may last',
    remedy: 'Nothing to do: it is tried again. If it stays, lower verify.timeout or the number of buckets to verify.',
    concerns: 'request',
  });
}
