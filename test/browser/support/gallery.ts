import { createHash } from 'node:crypto';
import type { ApplicationView, Outcome, Trouble } from '../../../src/rotation/outcome.ts';
import { Board } from '../../../src/telemetry/board.ts';
import { History } from '../../../src/telemetry/history.ts';
import { viewOf as plainView } from '../../telemetry/views.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** A board with made-up applications, for what takes too long to happen: each state, and very many of them. */
export interface Gallery {
  readonly board: Board;
  readonly history: History;
}

export const troubles: Readonly<Record<string, Trouble>> = {
  refused: {
    kind: 'refused',
    code: 'edited',
    reason: 'AWS_SECRET_ACCESS_KEY differs from what rekeyd wrote',
    remedy:
      'Put the values back (vault kv rollback), or publish a new credential over the edit: rekeyd rotate refused --despite edited.',
  },
  retired: {
    kind: 'refused',
    code: 'retired',
    reason: 'the application was taken out of service (retired)',
    remedy: 'Take it out of the policy, or put it back: rekeyd rotate retired --despite retired.',
  },
  failing: {
    kind: 'failed',
    code: 'issuer-unauthorized',
    reason: 'could not create a credential on os-ab123: the issuer refuses the API key',
    remedy:
      'Check project and api_key; let the key call createcredential, deletecredential and instancedetails from this address.',
  },
  blocked: {
    kind: 'blocked',
    code: 'quota-full',
    reason: '200 of 200 credentials of the instance are in use',
    remedy:
      'Revoke credentials that nobody uses (rekeyd keys ISSUER shows whose they are), or raise limits.credentials if the instance allows more.',
  },
};

const key = (text: string): string => `GK${createHash('sha256').update(text).digest('hex').toUpperCase().slice(0, 18)}`;

export function viewOf(application: string, now: number, over: Partial<ApplicationView> = {}): ApplicationView {
  const current = {
    credentialId: `c-7-${application}`,
    accessKeyId: key(application),
    instance: 'os-ab123',
    issuedAt: now - 12 * DAY - 9_000,
    publishedAt: now - 12 * DAY,
    adopted: false,
  };
  return plainView(application, { current, rotateAt: now + 18 * DAY, ...over });
}

function outcomeOf(application: string, now: number, over: Partial<Outcome> = {}): Outcome {
  const view = viewOf(application, now);
  return { application, did: 'nothing', notices: [], view, nextAt: now + 18 * DAY, next: 'rotate', ...over };
}

const grace = (application: string, revokeAt: number | null, why = 'rotated') => ({
  credentialId: `c-6-${application}`,
  accessKeyId: key(`${application}-6`),
  instance: 'os-ab123',
  revokeAt,
  why,
});

/** One application in each state, and some with something to say. */
export function everyState(now: number): Gallery {
  const names = [
    'refused',
    'failing',
    'blocked',
    'overdue',
    'rotating',
    'new',
    'unknown',
    'held',
    'adopted',
    'in-grace',
    'current',
    'retired',
  ];
  const board = new Board(new Map(names.map((name) => [name, policyOf(name)])));
  const look = (name: string, over: Partial<Outcome> = {}, at = now) => board.record(outcomeOf(name, now, over), at);
  look(
    'refused',
    { trouble: troubles['refused'] as Trouble, nextAt: Number.POSITIVE_INFINITY, next: 'look again' },
    now - 3 * HOUR,
  );
  for (const minutes of [41, 25, 8])
    look(
      'failing',
      { trouble: troubles['failing'] as Trouble, nextAt: now + 600_000, next: 'try again' },
      now - minutes * 60_000,
    );
  look(
    'blocked',
    { trouble: troubles['blocked'] as Trouble, nextAt: now + 900_000, next: 'try again' },
    now - 5 * HOUR,
  );
  look('overdue', { view: viewOf('overdue', now, { rotateAt: now - 5 * HOUR }), nextAt: now - 5 * HOUR });
  look('rotating');
  board.follow({ event: 'rotation.started', application: 'rotating' });
  const { generation, current, rotateAt, ...bare } = viewOf('new', now);
  look('new', { view: bare, nextAt: now });
  const hold = { until: now + 2 * DAY, by: 'ann@laptop', why: 'release of the shop' };
  look('held', { view: viewOf('held', now, { hold }), nextAt: now + 2 * DAY, next: 'the hold ends' });
  const notice = {
    code: 'adopted-still-live',
    reason: 'an adopted key was replaced but may serve others',
    remedy: 'Revoke it (rekeyd revoke ISSUER ACCESS_KEY_ID) when nobody does.',
  };
  look('adopted', {
    view: viewOf('adopted', now, { superseded: [grace('adopted', null, 'adopted')] }),
    notices: [notice],
  });
  look('in-grace', {
    view: viewOf('in-grace', now, { superseded: [grace('in-grace', now + 31 * HOUR)] }),
    nextAt: now + 31 * HOUR,
    next: 'revoke',
  });
  look('current');
  look('retired', { trouble: troubles['retired'] as Trouble, nextAt: Number.POSITIVE_INFINITY, next: 'look again' });
  return { board, history: pastOf('in-grace', now) };
}

/** Three generations as a process saw them that has run for months. */
function pastOf(application: string, now: number): History {
  const history = new History(now - 80 * DAY);
  const tell = (
    event:
      | 'credential.issued'
      | 'credential.verified'
      | 'credential.published'
      | 'credential.superseded'
      | 'credential.revoked',
    generation: number,
    accessKeyId: string,
    at: number,
    revokeAt?: number,
  ) => history.follow({ event, application, generation, accessKeyId, ...(revokeAt !== undefined && { revokeAt }) }, at);
  const keys = [key(`${application}-5`), key(`${application}-6`), key(application)];
  keys.forEach((accessKeyId, index) => {
    const published = now - (2 - index) * 30 * DAY - 12 * DAY;
    tell('credential.issued', 5 + index, accessKeyId, published - 9_000);
    tell('credential.verified', 5 + index, accessKeyId, published - 4_000);
    tell('credential.published', 5 + index, accessKeyId, published);
    const before = keys[index - 1];
    if (before === undefined) return;
    const revokeAt = index === 2 ? now + 31 * HOUR : published + 13 * DAY;
    tell('credential.superseded', 4 + index, before, published, revokeAt);
    if (revokeAt < now) tell('credential.revoked', 4 + index, before, revokeAt);
  });
  const failed = {
    event: 'rotation.failed',
    code: 'verification-failed',
    reason: 'S3 did not accept the new key in 60 s',
  } as const;
  history.follow({ ...failed, application }, now - 12 * DAY - 3 * HOUR);
  return history;
}

const policyOf = (name: string) => ({ issuer: 'sto1', path: `apps/${name}/s3`, graceMs: 2 * DAY });

/** So many, of which a few are in trouble. */
export function crowd(count: number, now: number): Gallery {
  const names = Array.from(
    { length: count },
    (_, index) => `team-${String(index % 97).padStart(2, '0')}-app-${String(index).padStart(5, '0')}`,
  );
  const board = new Board(new Map(names.map((name) => [name, policyOf(name)])));
  names.forEach((name, index) => {
    const rotateAt = now + ((index * 7919) % (30 * 86_400)) * 1_000;
    const view = viewOf(name, now, { rotateAt, ...(index % 11 === 0 && { superseded: [grace(name, now + HOUR)] }) });
    const trouble = index % 1_999 === 5 ? troubles['refused'] : index % 2_503 === 9 ? troubles['failing'] : undefined;
    board.record(
      outcomeOf(name, now, {
        view,
        nextAt: rotateAt,
        ...(trouble && { trouble, nextAt: now + HOUR, next: 'try again' }),
      }),
      now - (index % 300) * 1_000,
    );
  });
  return { board, history: new History(now) };
}
