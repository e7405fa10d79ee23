import { beforeAll, describe, expect, test } from 'vitest';
import { DEFAULT_FIELDS } from '../../src/policy/fields.ts';
import { poll } from '../support/poll.ts';
import { useScene } from '../support/scene.ts';
import type { Account } from './support/account.ts';
import type { Daemon } from './support/daemon.ts';
import { type DirectConsumers, openDirectConsumers } from './support/direct-consumers.ts';
import { findRecord, pathOf } from './support/record.ts';
import { arrangeCluster, INSTANCE, type Setting } from './support/setting.ts';
import { ShiftedClock } from './support/shifted-clock.ts';
import { PATIENCE_MS, untilLookedAgain, untilNoticed, untilQuiet, Workplace } from './support/workplace.ts';

/** Two replicas whose clocks are ten minutes apart, one of them right. */
const NAMES = ['ahead', 'behind'].flatMap((name) =>
  ['', 'replaced-', 'mapped-', 'scheduled-'].map((before) => `${before}${name}`),
);
const APART_MS = 10 * 60_000;
const GRACE_MS = 6_000;

const scene = useScene();
let setting: Setting;
let account: Account;
let consume: DirectConsumers['consume'];

beforeAll(async () => {
  setting = await arrangeCluster(scene, { ttl: '1h', maxTtl: '1h' });
  ({ account, consume } = await openDirectConsumers(setting, 'clocks', NAMES));
});

const open = (name: string, every: string, fields = DEFAULT_FIELDS): Promise<Workplace> => {
  const application = { issuer: 'sto1', path: pathOf(name), rotate: { every }, grace: `${GRACE_MS}ms`, fields };
  return Workplace.open(setting, name, { applications: { [name]: application } });
};

const recordOf = async (name: string) => (await findRecord(setting.vault, name)).record;

/** Events of what a wrong clock must keep a replica from. */
const SCHEDULED = [
  'rotation.started',
  'credential.revoked',
  'strays.entered',
  'schedule.changed',
  'secret.republished',
];

function expectIdle(daemon: Daemon): void {
  for (const event of SCHEDULED) expect(daemon.lines({ event })).toEqual([]);
}

async function stop(daemon: Daemon): Promise<void> {
  expect(await daemon.stop()).toEqual({ code: 0, signal: null });
}

describe.concurrent.each([
  ['ahead', APART_MS],
  ['behind', -APART_MS],
])('a replica whose clock is ten minutes %s', { timeout: 2 * PATIENCE_MS }, (name, shiftMs) => {
  test('does nothing by itself and says why; the other one does everything, and nothing is revoked early', async () => {
    const clock = new ShiftedClock(scene);
    clock.shift(shiftMs);
    const place = await open(name, '7s');
    const right = place.daemon();
    await right.until({ event: 'rotation.done' });
    consume(name);
    const wrong = place.daemon(clock.env);
    const { reason } = await untilNoticed(wrong, name, 'clocks-disagree');
    expect(reason).toMatch(/ (59|6[0-2])\d s apart/);
    await right.until({ event: 'rotation.done', generation: 4 }, undefined, PATIENCE_MS);
    await right.until({ event: 'credential.revoked', generation: 2 }, undefined, PATIENCE_MS);
    expectIdle(wrong);
    expect((await recordOf(name)).by).toBe((await right.until({ event: 'daemon.started' }))['replica']);
    expectRevokedInTime(right);
    await stop(right);

    // alone, it lets everything be that is due
    const { generation } = await recordOf(name);
    const due = Date.now() + 7_000;
    await poll('the next rotation to be due', 60_000, async () => (Date.now() > due ? true : undefined));
    await untilLookedAgain(wrong, name, 3);
    expectIdle(wrong);
    expect((await recordOf(name)).generation).toBe(generation);

    clock.shift(0);
    await wrong.until({ event: 'rotation.done', generation: generation + 2 }, undefined, PATIENCE_MS);
    await wrong.until({ event: 'credential.revoked', generation }, undefined, PATIENCE_MS);
    expectRevokedInTime(wrong);
    await stop(wrong);
    await settle(name);
  });

  test('replaces a credential that is gone all the same', async () => {
    const gone = `replaced-${name}`;
    const place = await open(gone, '1h');
    const clock = new ShiftedClock(scene);
    clock.shift(shiftMs);
    const first = place.daemon();
    await first.until({ event: 'rotation.done' });
    await stop(first);
    const wrong = place.daemon(clock.env);
    await untilNoticed(wrong, gone, 'clocks-disagree');
    expectIdle(wrong);
    const { credential } = await recordOf(gone);
    await setting.glesys.account.remove(INSTANCE, credential?.id ?? '');
    await wrong.until({ event: 'credential.gone' });
    expect(await wrong.until({ event: 'rotation.done' })).toMatchObject({ why: 'gone', generation: 2 });
    consume(gone);
    await stop(wrong);
    await settle(gone);
    expect((await recordOf(gone)).generation).toBe(2);
  });

  test.each([
    {
      what: 'mapped',
      every: '1h',
      fields: { ...DEFAULT_FIELDS, note: 'of {access_key_id}' },
      event: 'secret.republished',
    },
    { what: 'scheduled', every: '2h', fields: DEFAULT_FIELDS, event: 'schedule.changed' },
  ])(
    'leaves what is $what in another way to a replica whose clock is right',
    async ({ what, every, fields, event }) => {
      const changed = `${what}-${name}`;
      const first = (await open(changed, '1h')).daemon();
      await first.until({ event: 'rotation.done' });
      consume(changed);
      await stop(first);
      const before = await findRecord(setting.vault, changed);
      const clock = new ShiftedClock(scene);
      clock.shift(shiftMs);
      const place = await open(changed, every, fields);
      const wrong = place.daemon(clock.env);
      await untilNoticed(wrong, changed, 'clocks-disagree');
      await untilLookedAgain(wrong, changed, 3);
      expectIdle(wrong);
      expect(await findRecord(setting.vault, changed)).toEqual(before);
      await stop(wrong);

      const right = place.daemon();
      await right.until({ event });
      expect((await recordOf(changed)).generation).toBe(1);
      await stop(right);
    },
  );
});

/** A replica with the right clock and a long period tidies up. */
async function settle(name: string): Promise<void> {
  const daemon = (await open(name, '1h')).daemon();
  await untilQuiet(daemon, name);
  await stop(daemon);
}

/** The log has what was stored when the grace began; the call began before its line. */
function expectRevokedInTime(daemon: Daemon): void {
  const revoked = daemon.lines({ event: 'credential.revoked' });
  expect(revoked.length).toBeGreaterThan(0);
  const verified = daemon.lines({ event: 'credential.verified' });
  for (const line of revoked) {
    const began = Date.parse(String(line['time'])) - Number(line['duration_ms']);
    expect(began).toBeGreaterThanOrEqual(Date.parse(String(line['revoke_at'])));
    const next = verified.find((one) => one['generation'] === Number(line['generation']) + 1);
    if (!next) continue;
    expect(began).toBeGreaterThanOrEqual(Date.parse(String(next['time'])) + GRACE_MS);
  }
}

test('nobody lost access, and nothing is left behind', async () => {
  await account.settled(60_000);
  await account.close();
});
