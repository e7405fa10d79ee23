import { beforeAll, expect, test } from 'vitest';
import { useScene } from '../support/scene.ts';
import type { Account } from './support/account.ts';
import { type DirectConsumers, openDirectConsumers } from './support/direct-consumers.ts';
import { findRecord, pathOf } from './support/record.ts';
import { arrangeCluster, type Setting } from './support/setting.ts';
import { PATIENCE_MS, type PolicyWords, Workplace } from './support/workplace.ts';

/** The policy is changed again and again while applications rotate and consumers use their keys, on a real Vault. */
const NAMES = ['steady', 'second', 'third', 'leaver'];
const EDITS = 40;

const scene = useScene();
let setting: Setting;
let account: Account;
let consume: DirectConsumers['consume'];

beforeAll(async () => {
  setting = await arrangeCluster(scene, { ttl: '1h', maxTtl: '1h' });
  ({ account, consume } = await openDirectConsumers(setting, 'reload', NAMES));
});

/** Each edit has another mapping and schedule; the leaver is taken out by every other one. */
function words(edit: number, more: Readonly<Record<string, unknown>> = {}): PolicyWords {
  const names = NAMES.filter((name) => name !== 'leaver' || edit % 2 === 0);
  const fields = Object.fromEntries(
    ['access_key_id', 'secret_access_key', 'endpoint', 'region'].map((name) => [name, `{${name}}`]),
  );
  const rotate = { every: `${20 + (edit % 5)}s` };
  return {
    applications: Object.fromEntries(
      names.map((name) => [
        name,
        {
          issuer: 'sto1',
          path: pathOf(name),
          grace: '6s',
          rotate,
          fields: { ...fields, note: `edit ${edit}` },
          ...more,
        },
      ]),
    ),
  };
}

test(
  'a policy that changes forty times and more during rotations: no consumer is refused, nothing is left behind',
  async () => {
    const place = await Workplace.open(setting, 'reload', words(0));
    const daemon = place.daemon();
    for (const application of NAMES) {
      await daemon.until({ event: 'rotation.done', application });
      consume(application);
    }
    const edited = async (event: string, more: PolicyWords, isAsked = false): Promise<void> => {
      const before = daemon.lines({ event }).length;
      await place.write(more);
      if (isAsked) daemon.process.kill('SIGHUP');
      await daemon.process.until(event, () => daemon.lines({ event })[before], PATIENCE_MS);
    };
    const areRotatedAgain = (): boolean =>
      NAMES.every((application) => daemon.lines({ event: 'rotation.done', application }).length > 1);
    // a quick machine makes more edits: they end when every application has rotated among them
    for (let edit = 1; edit <= EDITS || !areRotatedAgain(); edit += 1) {
      // what is broken is told and changes nothing
      if (edit % 10 === 5) await edited('policy.refused', words(edit, { colour: 'red' }));
      else await edited('policy.reloaded', words(edit), edit % 3 === 0);
    }
    await edited('policy.reloaded', words(EDITS, { rotate: { every: '1h' } }));
    await account.settled(PATIENCE_MS);
    expect(await daemon.stop()).toEqual({ code: 0, signal: null });
    for (const name of NAMES) expect((await findRecord(setting.vault, name)).record.generation).toBeGreaterThan(1);
    const reloads = daemon.lines({ event: 'policy.reloaded' }).length;
    account.more['reloads'] = reloads;
    expect(reloads).toBeGreaterThan(EDITS / 2);
    await account.close();
  },
  10 * PATIENCE_MS,
);
