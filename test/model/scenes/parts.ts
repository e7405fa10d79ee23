import type { ApplicationPolicy } from '../../../src/policy/policy.ts';
import { formatMarker } from '../../../src/rotation/marker.ts';
import { applicationOf } from '../../support/policies.ts';
import type { Call, Manner } from '../calls.ts';
import { Calm } from '../calm.ts';
import type { Bounds, Scene } from '../explore.ts';
import { REAL } from '../heart.ts';
import { ENDPOINT, type Key, type Outside, placeOf, put, recordAt, secretOf } from '../outside.ts';
import type { Charge } from '../replica.ts';

export const START = Date.parse('2026-03-10T12:00:00Z');
export const HOUR = 3_600_000;
const GRACE = HOUR;
export const INSTANCE = 'os-model';
export const PATH = 'apps/billing';
export const ROTATE = { rotate: true, despite: [] };

/** One verification is enough here: more of them are more of the same step. */
export function application(more: Partial<ApplicationPolicy> = {}): ApplicationPolicy {
  return applicationOf({ graceMs: GRACE, verify: { timeoutMs: 10_000, successes: 1, buckets: [] }, ...more });
}

export function charge(replica: string, more: Partial<Charge> = {}): Charge {
  return {
    replica,
    owner: 'acme',
    applications: [application()],
    instances: { sto1: INSTANCE },
    policyLoadedAt: START - HOUR,
    resyncMs: 300_000,
    endpoint: ENDPOINT,
    quota: 30,
    aheadMs: 0,
    ...more,
  };
}

/** Charges for replicas that differ in nothing but their name. */
export function charges(count: number, more: Partial<Charge> = {}): readonly Charge[] {
  return Array.from({ length: count }, (_, n) => charge(`r${n + 1}`, more));
}

export const EMPTY: Outside = {
  now: START,
  graceMs: GRACE,
  keys: [],
  secrets: {},
  before: {},
  mappings: {},
  flights: [],
  shortList: false,
};

/** A key that people made, with S3's word that it works. */
export function handMade(outside: Outside, more: Partial<Key> = {}): Outside {
  const n = outside.keys.length + 1;
  const key = { instance: INSTANCE, id: `id-${n}`, accessKeyId: `AK${n}.`, description: 'by hand', live: true };
  return { ...outside, keys: [...outside.keys, { ...key, verifiedAt: [ENDPOINT], ...more }] };
}

/** A secret that people made of the newest key. */
export function handWritten(outside: Outside, path = PATH): Outside {
  const { accessKeyId = '' } = outside.keys.at(-1) ?? {};
  const pair = { access_key_id: accessKeyId, secret_access_key: secretOf(accessKeyId) };
  return put(outside, path, { ...pair, endpoint: ENDPOINT });
}

/** A credential with our marker that no record knows, from so long ago. */
export function withStray(outside: Outside, generation: number, ageMs: number): Outside {
  const attemptedAt = outside.now - ageMs;
  const marker = { owner: 'acme', application: 'billing', place: placeOf(PATH), generation, attemptedAt };
  return handMade(outside, { description: formatMarker({ ...marker, nonce: '00000000' }), verifiedAt: [] });
}

/** The world after the first credential was published, an hour ago. */
export async function published(by = charge('r0')): Promise<Outside> {
  return lived(by, { ...EMPTY, now: START - HOUR }, async (calm) => {
    await calm.settle('billing');
    calm.elapse(HOUR);
  });
}

/** The world after one replica has lived in it for a while. */
export async function lived(
  by: Charge,
  outside: Outside,
  life: (calm: Calm) => Promise<unknown>,
  manner?: (call: Call) => Manner,
): Promise<Outside> {
  const calm = new Calm(REAL, by, outside, manner);
  await life(calm);
  return calm.outside;
}

/** After a rotation: the old key is in its grace for another half hour. */
export async function rotated(): Promise<Outside> {
  return lived(charge('r0'), await published(), async (calm) => {
    await calm.settle('billing', ROTATE);
    calm.elapse(HOUR / 2);
  });
}

/** A publish is on its way, a while ago, and nobody knows whether it arrives. */
export async function publishUnderway(): Promise<Outside> {
  const late = ({ op }: Call): Manner => (op === 'write' ? 'late' : 'done');
  return lived(
    charge('r0'),
    await published(),
    async (calm) => {
      await calm.pass('billing', ROTATE);
      calm.elapse(HOUR / 4);
    },
    late,
  );
}

/** What `rekeyd retire` leaves behind: nothing in the secret, and everything of ours in its grace. */
export async function retired(): Promise<Outside> {
  return lived(charge('r0'), await rotated(), (calm) => calm.amend('billing', { amend: 'retire' }));
}

/** The record becomes due now, or in so many ms. */
export function due(outside: Outside, inMs = 0): Outside {
  const record = recordAt(outside, PATH);
  const rekeyd = JSON.stringify({ ...record, rotate_at: new Date(outside.now + inMs).toISOString() });
  return put(outside, PATH, { ...outside.secrets[PATH]?.data, rekeyd });
}

const BOUNDS: Bounds = { passes: 2, requests: 0, faults: 0, deaths: 0, jumps: 2 };

/** Scenes by name, made when they are wanted. */
export type Scenes = Readonly<Record<string, () => Promise<Scene>>>;

export type SceneParts = Partial<Omit<Scene, 'bounds'>> & { readonly bounds?: Partial<Bounds> };

export function sceneOf(outside: Outside, { bounds, ...more }: SceneParts = {}): Scene {
  return {
    application: 'billing',
    charges: charges(2),
    outside,
    bounds: { ...BOUNDS, ...bounds },
    horizonMs: 10 * HOUR,
    ...more,
  };
}

/** A hold as a record has it. */
export function heldUntil(hours: number) {
  return { until: new Date(START + hours * HOUR).toISOString(), by: 'somebody', why: 'a freeze' };
}
