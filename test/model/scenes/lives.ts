import { DEFAULT_FIELDS } from '../../support/policies.ts';
import type { Scene } from '../explore.ts';
import {
  deletes,
  editsRecord,
  LIST_IS_WHOLE,
  LIST_SHORTENS,
  pastesOldKey,
  revokesCurrent,
  rollsBack,
  writesForeignField,
} from '../hands.ts';
import { type Outside, put } from '../outside.ts';
import type { Charge } from '../replica.ts';
import {
  application,
  charge,
  charges,
  due,
  EMPTY,
  HOUR,
  handMade,
  handWritten,
  heldUntil,
  INSTANCE,
  lived,
  PATH,
  published,
  publishUnderway,
  ROTATE,
  rotated,
  type Scenes,
  START,
  sceneOf,
  withStray,
} from './parts.ts';

/** Small worlds in which everything that may happen is tried in every order. */

const fieldsWith = (template: string) => ({ ...DEFAULT_FIELDS, KEY: template });

async function moved(path: string): Promise<readonly Charge[]> {
  return [charge('r1'), charge('r2', { applications: [application({ path })] })];
}

/** Vault as it was before the last rotations, whose credentials live on. Nobody runs while it is restored. */
export async function restored(rotations: number): Promise<Outside> {
  const backup = await published();
  const now = await lived(charge('r0'), backup, async (calm) => {
    for (let n = 0; n < rotations; n += 1) {
      calm.elapse(HOUR / 4);
      await calm.settle('billing', ROTATE);
    }
  });
  const replacedAt = now.now;
  const newest = now.keys.at(-1);
  const lost = rotations > 1 ? ({ lost: true } as const) : {};
  const keys = now.keys.map((key) => (key.id === newest?.id ? { ...key, replacedAt, ...lost } : key));
  return { ...now, keys, secrets: backup.secrets, before: backup.before };
}

const NEVER_PUBLISHED: Pick<Scene, 'fate'> = {
  fate: ({ secrets }, call) => {
    if (call.op !== 'write') return undefined;
    const standing = secrets[PATH]?.data?.['access_key_id'];
    return call.data['access_key_id'] === standing ? undefined : 'lost';
  },
};

export const LIVES = {
  'two replicas rotate': async () =>
    sceneOf(await published(), { bounds: { requests: 2, faults: 1, deaths: 1, passes: 2 } }),
  'two replicas are asked at once': async () =>
    sceneOf(await published(), { bounds: { requests: 2, passes: 1, jumps: 1 } }),
  'a slow rotation': async () => sceneOf(await published(), { bounds: { requests: 1, passes: 2, jumps: 2 } }),
  'strays of crashes, and a rotation due': async () =>
    sceneOf(due(withStray(withStray(await published(), 2, HOUR), 2, HOUR)), { charges: charges(1) }),
  'three replicas rotate': async () =>
    sceneOf(await published(), { charges: charges(3), bounds: { passes: 1, requests: 3, faults: 1, jumps: 1 } }),
  'a rotation falls due': async () => sceneOf(due(await published()), { bounds: { faults: 1, passes: 2, jumps: 1 } }),
  'replicas that remember': async () =>
    sceneOf(await rotated(), { lasting: true, bounds: { requests: 1, passes: 2, jumps: 2 } }),
  'the first credential of a path': async () => sceneOf(EMPTY, { bounds: { faults: 1, passes: 2, jumps: 2 } }),
  'a path without a record that strays lead to': async () =>
    sceneOf(withStray(EMPTY, 1, HOUR), { ending: 'anyhow', bounds: { faults: 1, passes: 2 } }),
  'an old key in its grace': async () =>
    sceneOf(await rotated(), { bounds: { requests: 1, faults: 1, passes: 2, jumps: 2 } }),
  'a publish on its way': async () =>
    sceneOf(await publishUnderway(), { bounds: { requests: 1, passes: 3, jumps: 3 } }),
  'a stray of a crash': async () =>
    sceneOf(withStray(await published(), 2, HOUR), { bounds: { faults: 1, passes: 2, jumps: 2 } }),
  'a stray of a crash while somebody rotates': async () =>
    sceneOf(withStray(await published(), 2, HOUR), { bounds: { requests: 1, passes: 2, jumps: 2 } }),
  'a record that names a key of somebody else': async () => {
    const outside = handMade(await published());
    return sceneOf(editsRecord(PATH, { superseded: [overNow(outside)] })(outside), { charges: charges(1) });
  },
  'a record that names its own key as superseded': async () => {
    const outside = await published();
    return sceneOf(editsRecord(PATH, { superseded: [overNow(outside)] })(outside), { charges: charges(1) });
  },
  'the current key is revoked by hand': async () =>
    sceneOf(await rotated(), { hands: [revokesCurrent(PATH)], bounds: { faults: 1, passes: 2 } }),
  'the old key is put back': async () =>
    sceneOf(await rotated(), {
      hands: [pastesOldKey(PATH), rollsBack(PATH)],
      ending: 'anyhow',
      bounds: { passes: 2, jumps: 2 },
    }),
  'another program writes beside us': async () =>
    sceneOf(await rotated(), { hands: [writesForeignField(PATH)], bounds: { requests: 1, passes: 2 } }),
  'somebody deletes the secret': async () =>
    sceneOf(await rotated(), { hands: [deletes(PATH)], ending: 'anyhow', bounds: { requests: 1, passes: 2 } }),
  'a short list': async () =>
    sceneOf(await rotated(), { hands: [LIST_SHORTENS, LIST_IS_WHOLE], bounds: { passes: 2, jumps: 2 } }),
  'clocks a little apart': async () =>
    sceneOf(await rotated(), {
      charges: [charge('r1', { aheadMs: 50_000 }), charge('r2', { aheadMs: -50_000 })],
      bounds: { requests: 1, passes: 2, jumps: 3 },
    }),
  'clocks ten minutes apart': async () =>
    sceneOf(due(await rotated()), {
      charges: [charge('r1', { aheadMs: 600_000 }), charge('r2')],
      bounds: { passes: 2, jumps: 3 },
    }),
  'clocks ten minutes apart, and a rotation not yet due': async () =>
    sceneOf(due(await published(), HOUR / 10), {
      charges: [charge('r1', { aheadMs: 600_000 }), charge('r2')],
      bounds: { passes: 2, jumps: 2 },
    }),
  'a hold': async () =>
    sceneOf(editsRecord(PATH, { hold: heldUntil(5) })(due(await rotated())), { bounds: { passes: 2, jumps: 3 } }),
  adoption: async () =>
    sceneOf(handWritten(handMade(EMPTY)), {
      charges: charges(2, { applications: [application({ adopt: true })] }),
      bounds: { requests: 1, faults: 1, passes: 2 },
    }),
  'adoption of a secret that stays locked': async () => {
    const outside = put(handMade(EMPTY), PATH, handWritten(handMade(EMPTY)).secrets[PATH]?.data ?? null, 'credential');
    return sceneOf(outside, {
      ending: 'anyhow',
      charges: charges(1, { applications: [application({ adopt: true })] }),
    });
  },
  'adoption of a key that S3 refuses': async () =>
    sceneOf(handWritten(handMade(EMPTY, { verifiedAt: [], accessKeyId: 'BROKEN.' })), {
      charges: charges(1, { applications: [application({ adopt: true })], endpoint: 'https://typo.example' }),
      ending: 'anyhow',
      bounds: { passes: 2, jumps: 9 },
    }),
  'a rename': async () => {
    const adopt = { owner: 'acme', application: 'old-billing' };
    const old = charge('r0', { applications: [application({ name: 'old-billing', path: PATH })] });
    const outside = await lived(old, EMPTY, (calm) => calm.settle('old-billing'));
    return sceneOf(outside, {
      charges: charges(2, { applications: [application({ adopt })] }),
      bounds: { requests: 1, faults: 1, passes: 2 },
    });
  },
  'a changed path': async () =>
    sceneOf(await rotated(), { charges: await moved('apps/new'), bounds: { requests: 1, passes: 2, jumps: 2 } }),
  'two policies side by side': async () => {
    const policies = ['{access_key_id}', '{region}'].map((template) => application({ fields: fieldsWith(template) }));
    const loaded = { policyLoadedAt: START - HOUR / 2 };
    return sceneOf(await published(), {
      charges: policies.map((policy, n) => charge(`r${n + 1}`, { applications: [policy], ...loaded })),
      lasting: true,
      ending: 'anyhow',
      bounds: { passes: 3, jumps: 1 },
    });
  },
  'a new endpoint that does not work': async () =>
    sceneOf(await published(), {
      charges: [charge('r1', { endpoint: 'https://typo.example', policyLoadedAt: START - HOUR / 2 })],
      ending: 'anyhow',
      bounds: { passes: 2, jumps: 9 },
    }),
  'Vault restored by one rotation': async () => sceneOf(await restored(1), { bounds: { passes: 2, jumps: 3 } }),
  'Vault restored by two rotations': async () =>
    sceneOf(await restored(2), { ending: 'anyhow', bounds: { passes: 2, jumps: 3 } }),
  'publishes that never arrive': async () =>
    sceneOf(
      { ...(await published()), limits: { live: 4, strays: 2 } },
      {
        ...NEVER_PUBLISHED,
        charges: charges(1),
        bounds: { passes: 9, requests: 9, jumps: 3 },
      },
    ),
} satisfies Scenes;

/** An entry for the newest key, whose grace is over. */
function overNow({ keys, now }: Outside) {
  const { id = '', accessKeyId = '' } = keys.at(-1) ?? {};
  return { id, access_key_id: accessKeyId, instance: INSTANCE, revoke_at: new Date(now).toISOString(), why: 'rotated' };
}
