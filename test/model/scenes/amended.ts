import type { Amendment } from '../../../src/rotation/rotator.ts';
import type { Call, Manner } from '../calls.ts';
import { revokesCurrent } from '../hands.ts';
import type { Outside } from '../outside.ts';
import { restored } from './lives.ts';
import {
  charge,
  charges,
  due,
  HOUR,
  INSTANCE,
  lived,
  PATH,
  published,
  ROTATE,
  retired,
  rotated,
  type Scenes,
  START,
  sceneOf,
} from './parts.ts';

/** Small worlds in which a command line puts something into the record while another replica goes about its work. */

const RETIRE: Amendment = { amend: 'retire' };
const RELEASE: Amendment = { amend: 'release' };
const HOLD: Amendment = { amend: 'hold', until: START + 5 * HOUR, by: 'somebody', why: 'a freeze' };
const LEAKED = { ...ROTATE, leaked: true };

const shorten = (credentialId: string, graceMs = 0): Amendment => {
  return { amend: 'shorten', instance: INSTANCE, credentialId, graceMs };
};

/** A publish was sent a minute ago: nobody knows whether it arrives, and its candidate is a young stray. */
export async function publishJustSent(): Promise<Outside> {
  const late = ({ op }: Call): Manner => (op === 'write' ? 'late' : 'done');
  const life = async (calm: Parameters<Parameters<typeof lived>[2]>[0]) => {
    await calm.pass('billing', ROTATE);
    calm.elapse(HOUR / 60);
  };
  return lived(charge('r0'), await published(), life, late);
}

export async function graceOver(): Promise<Outside> {
  const outside = await rotated();
  return { ...outside, now: outside.now + HOUR / 2 };
}

export const AMENDED = {
  'an old key is shortened while another replica rotates': async () =>
    sceneOf(await rotated(), {
      amendments: [shorten('id-1')],
      bounds: { requests: 1, faults: 1, passes: 2, jumps: 0 },
    }),
  'an old key is shortened, and processes die': async () =>
    sceneOf(await rotated(), { amendments: [shorten('id-1')], bounds: { deaths: 2, passes: 2, jumps: 1 } }),
  'an old key is shortened to some minutes': async () =>
    sceneOf(await rotated(), { amendments: [shorten('id-1', HOUR / 6)], bounds: { requests: 1, passes: 2, jumps: 2 } }),
  'a young stray is shortened while its publish is on its way': async () =>
    sceneOf(await publishJustSent(), {
      amendments: [shorten('id-2')],
      bounds: { deaths: 1, passes: 2, jumps: 1 },
    }),
  'a young stray is shortened, and answers are lost': async () =>
    sceneOf(await publishJustSent(), { amendments: [shorten('id-2')], bounds: { faults: 1, passes: 2, jumps: 0 } }),
  'a candidate is shortened in the middle of its rotation': async () =>
    sceneOf(await published(), {
      amendments: [shorten('id-2')],
      bounds: { requests: 1, faults: 1, passes: 2, jumps: 1 },
    }),
  'an application is retired while another replica rotates it': async () =>
    sceneOf(due(await published()), { amendments: [RETIRE], bounds: { faults: 1, passes: 2, jumps: 1 } }),
  'an application is retired, and processes die': async () =>
    sceneOf(due(await published()), { amendments: [RETIRE], bounds: { deaths: 1, passes: 2, jumps: 1 } }),
  'an application is retired while strays are about': async () =>
    sceneOf(await publishJustSent(), { amendments: [RETIRE], bounds: { passes: 2, jumps: 2 } }),
  'a retired application is put back into service': async () =>
    sceneOf(await retired(), {
      amendments: [RETIRE],
      request: { rotate: true, despite: ['retired'] },
      bounds: { requests: 1, passes: 2, jumps: 1 },
    }),
  'a hold comes and goes while a revocation is due': async () =>
    sceneOf(await graceOver(), { amendments: [HOLD, RELEASE], bounds: { deaths: 1, passes: 2, jumps: 1 } }),
  'a hold comes while a rotation is due': async () =>
    sceneOf(due(await rotated()), { amendments: [HOLD], bounds: { requests: 1, passes: 1, jumps: 1 } }),
  'a key leaked while its rotation is due': async () =>
    sceneOf(due(await published()), {
      request: LEAKED,
      amendments: [shorten('id-1')],
      bounds: { requests: 1, passes: 2, jumps: 1 },
    }),
  'one of the strays from beyond a backup is shortened': async () =>
    sceneOf(await restored(2), {
      hands: [revokesCurrent(PATH)],
      amendments: [shorten('id-2')],
      ending: 'anyhow',
      charges: charges(1),
      bounds: { passes: 4, jumps: 3 },
    }),
} satisfies Scenes;
