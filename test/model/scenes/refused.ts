import { editsRecord, writes } from '../hands.ts';
import { type Outside, put } from '../outside.ts';
import { restored } from './lives.ts';
import {
  application,
  charges,
  due,
  EMPTY,
  HOUR,
  handMade,
  handWritten,
  INSTANCE,
  PATH,
  retired,
  rotated,
  type SceneParts,
  type Scenes,
  sceneOf,
  withStray,
} from './parts.ts';

/** For each refusal a world in which rekeyd would act, and must not until a person decides. */

const locked = (outside: Outside): Outside => {
  const newest = outside.secrets[PATH];
  return newest ? { ...outside, secrets: { ...outside.secrets, [PATH]: { ...newest, locked: 'all' } } } : outside;
};

const refused =
  (world: () => Promise<Outside> | Outside, parts: SceneParts = {}) =>
  async () =>
    sceneOf(await world(), { ending: 'anyhow', ...parts, bounds: { requests: 1, faults: 1, ...parts.bounds } });

/** The marker of another application. */
const OTHERS = 'rekeyd:acme/mail/1/0a1b2c3d-0000000000000000';

const dueNow = async (): Promise<Outside> => due(await rotated());

export const REFUSED = {
  'record-unreadable': refused(async () =>
    writes(PATH, (data) => ({ ...data, rekeyd: '{"v":2}' }), 'all')(await dueNow()),
  ),
  unmanaged: refused(() => locked(handWritten(handMade(EMPTY)))),
  edited: refused(async () =>
    writes(PATH, (data) => ({ ...data, endpoint: 'https://else.example' }), 'all')(await dueNow()),
  ),
  deleted: refused(async () => put(await dueNow(), PATH, null, 'all')),
  'not-ours': refused(async () => editsRecord(PATH, { owner: 'other' }, 'all')(await dueNow())),
  copied: refused(async () => editsRecord(PATH, { place: '00000000' }, 'all')(await dueNow())),
  'instance-changed': refused(async () => locked(await dueNow()), {
    charges: charges(2, { instances: { sto1: 'os-new', old: INSTANCE } }),
  }),
  behind: refused(async () => locked(due(await restored(2)))),
  'not-adoptable': refused(() => locked(handWritten(handMade(EMPTY, { description: OTHERS }))), {
    charges: charges(2, { applications: [application({ adopt: true })] }),
  }),
  'strays-full': refused(() => {
    const full = [1, 1, 1, 1].reduce((outside) => withStray(outside, 1, HOUR), EMPTY);
    return { ...full, limits: { live: 4, strays: 4 } };
  }),
  retired: refused(async () => due(await retired()), {
    charges: charges(1),
    bounds: { faults: 0, requests: 3, passes: 3 },
  }),
} satisfies Scenes;
