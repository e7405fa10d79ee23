import type { ApplicationPolicy } from '../../../src/policy/policy.ts';
import { DEFAULT_FIELDS } from '../../support/policies.ts';
import { editsRecord, LIST_IS_WHOLE, writes } from '../hands.ts';
import type { Outside } from '../outside.ts';
import type { Charge } from '../replica.ts';
import { graceOver, publishJustSent } from './amended.ts';
import {
  application,
  charge,
  charges,
  due,
  EMPTY,
  HOUR,
  heldUntil,
  lived,
  PATH,
  published,
  type Scenes,
  sceneOf,
  withStray,
} from './parts.ts';

/** Small worlds in which several things are to be done at once, or something keeps one of them from being done. */

const MAPPED: Partial<ApplicationPolicy> = { fields: { ...DEFAULT_FIELDS, KEY: '{access_key_id}' } };
const SCHEDULED: Partial<ApplicationPolicy> = { rotate: { everyMs: 100 * HOUR, timezone: 'UTC', jitterMs: 0 } };
/** Shut for the two hours to come, then open for as long as anybody looks. */
const WINDOWED: Partial<ApplicationPolicy> = {
  rotate: { everyMs: 720 * HOUR, timezone: 'UTC', jitterMs: 0, window: '* 14-23 * * *' },
};

/** Replicas whose policy was changed half a minute ago, and a world that has stood as it is for a minute. */
function changed(outside: Outside, more: Partial<ApplicationPolicy>, count = 2) {
  const now = outside.now + 60_000;
  const applications = [application(more)];
  return { outside: { ...outside, now }, charges: charges(count, { applications, policyLoadedAt: now - 30_000 }) };
}

const wrongClock = (by: readonly Charge[]): readonly Charge[] =>
  by.map((one, n) => (n === 0 ? { ...one, aheadMs: 600_000 } : one));

export const CHOICES = {
  'a changed mapping while a rotation is due': async () => {
    const { outside, charges: by } = changed(due(await published(), -HOUR), MAPPED);
    return sceneOf(outside, { charges: by });
  },
  'a changed mapping and a changed schedule': async () => {
    const { outside, charges: by } = changed(await published(), { ...MAPPED, ...SCHEDULED });
    return sceneOf(outside, { charges: by });
  },
  'a changed mapping, and clocks ten minutes apart': async () => {
    const { outside, charges: by } = changed(await published(), MAPPED);
    return sceneOf(outside, { charges: wrongClock(by) });
  },
  'a changed mapping while the list is short': async () => {
    const { outside, charges: by } = changed(await published(), MAPPED);
    return sceneOf({ ...outside, shortList: true }, { charges: by, hands: [LIST_IS_WHOLE] });
  },
  'a window that is shut while a rotation is due': async () => {
    const by = { applications: [application(WINDOWED)] };
    return sceneOf(due(await published(charge('r0', by))), { charges: charges(2, by), bounds: { requests: 1 } });
  },
  'two refusals with one of them lifted': async () => {
    const edited = writes(PATH, (data) => ({ ...data, endpoint: 'https://else.example' }))(await published());
    const copied = editsRecord(PATH, { place: '00000000' }, 'all')(edited);
    return sceneOf(needing(copied, ['edited', 'copied']), {
      request: { rotate: true, despite: ['edited'] },
      ending: 'anyhow',
      bounds: { requests: 2 },
    });
  },
  'a retired application under a new name': async () => {
    const adopt = { owner: 'acme', application: 'old-billing' };
    const old = charge('r0', { applications: [application({ name: 'old-billing', path: PATH })] });
    const outside = await lived(old, EMPTY, async (calm) => {
      await calm.settle('old-billing');
      calm.elapse(HOUR);
      await calm.amend('old-billing', { amend: 'retire' });
    });
    return sceneOf(outside, { charges: charges(2, { applications: [application({ adopt })] }) });
  },
  'a young stray whose publish is on its way': async () => sceneOf(await publishJustSent(), { bounds: { jumps: 1 } }),
  'a young stray, and somebody rotates': async () =>
    sceneOf(await publishJustSent(), { bounds: { requests: 1, faults: 1, jumps: 1 } }),
  'a stray of a crash, and a grace that is over': async () => sceneOf(withStray(await graceOver(), 3, HOUR)),
  'a secret that Vault deletes after some hours': async () =>
    sceneOf({ ...(await published()), lifetimeMs: 4 * HOUR }, { bounds: { jumps: 3 } }),
  'a hold on a secret that Vault deletes after some hours': async () => {
    const held = editsRecord(PATH, { hold: heldUntil(8) })(await published());
    // one jump: who sleeps past both the time to renew and the end finds the secret deleted, hold or not
    return sceneOf({ ...held, lifetimeMs: 4 * HOUR }, { bounds: { jumps: 1, passes: 2 } });
  },
} satisfies Scenes;

function needing(outside: Outside, needs: readonly string[]): Outside {
  const newest = outside.secrets[PATH];
  return newest ? { ...outside, secrets: { ...outside.secrets, [PATH]: { ...newest, needs } } } : outside;
}
