import { beforeAll, describe, expect, test } from 'vitest';
import { poll } from '../support/poll.ts';
import { useScene } from '../support/scene.ts';
import type { Account } from './support/account.ts';
import type { Daemon } from './support/daemon.ts';
import { type DirectConsumers, openDirectConsumers } from './support/direct-consumers.ts';
import { Person } from './support/person.ts';
import { findRecord, pathOf } from './support/record.ts';
import { arrangeCluster, type Setting } from './support/setting.ts';
import {
  PATIENCE_MS,
  type PolicyWords,
  shownBy,
  untilLookedAgain,
  untilNoticed,
  untilQuiet,
  Workplace,
} from './support/workplace.ts';

/** Two policies at once, policies that change during a grace, and holds. */
const NAMES = ['disputed', 'contested', 'shortened', 'lengthened', 'held'];

const scene = useScene();
let setting: Setting;
let account: Account;
let consume: DirectConsumers['consume'];

beforeAll(async () => {
  setting = await arrangeCluster(scene, { ttl: '1h', maxTtl: '1h' });
  ({ account, consume } = await openDirectConsumers(setting, 'policies', NAMES));
});

type Members = Readonly<Record<string, unknown>>;

const words = (name: string, more: Members, issuer: Members = {}): PolicyWords => {
  return { applications: { [name]: { issuer: 'sto1', path: pathOf(name), ...more } }, issuer };
};

const recordOf = (name: string) => findRecord(setting.vault, name);

async function replicaOf(daemon: Daemon): Promise<string> {
  return String((await daemon.until({ event: 'daemon.started' }))['replica']);
}

async function stopAll(...daemons: readonly Daemon[]): Promise<void> {
  for (const daemon of daemons) expect(await daemon.stop()).toEqual({ code: 0, signal: null });
}

/** The default fields, and one more with a text of the policy's own. */
const withNote = (note: string): Members => {
  const names = ['access_key_id', 'secret_access_key', 'endpoint', 'region'];
  return { fields: { ...Object.fromEntries(names.map((name) => [name, `{${name}}`])), note } };
};
const localhost = (): Members => ({ endpoint: setting.s3.s3.replace('127.0.0.1', 'localhost') });

describe('two replicas with different policies', () => {
  test.each([
    { what: 'fields', mine: withNote('one'), other: withNote('two'), otherIssuer: () => ({}) },
    { what: 'endpoint', mine: {}, other: {}, otherIssuer: localhost },
    { what: 'schedule', mine: {}, other: { rotate: { every: '2h' } }, otherIssuer: () => ({}) },
  ])(
    'other $what: the newer one writes once, the older one says who it was, and there it stops',
    async ({ what, mine, other, otherIssuer }) => {
      const name = 'disputed';
      const one = await Workplace.open(setting, `one-${what}`, words(name, mine));
      const two = await Workplace.open(setting, `two-${what}`, words(name, other, otherIssuer()));
      const older = one.daemon();
      await untilQuiet(older, name);
      if (!account.consumers.some((consumer) => consumer.name === name)) consume(name);
      const { version } = await recordOf(name);
      const newer = two.daemon();
      const { reason } = await untilNoticed(older, name, 'policies-disagree');
      expect(reason).toContain(await replicaOf(newer));
      expect((await recordOf(name)).version).toBe(version + 1);
      await Promise.all([older, newer].map((daemon) => untilLookedAgain(daemon, name, 3)));
      expect((await recordOf(name)).version).toBe(version + 1);
      expect((await shownBy(newer, name)).notices).toEqual([]);
      await stopAll(older, newer);
      // started again with one policy, it is rewritten once
      const [first, second] = [one.daemon(), one.daemon()];
      await Promise.all([first, second].map((daemon) => untilQuiet(daemon, name)));
      await Promise.all([first, second].map((daemon) => untilLookedAgain(daemon, name, 2)));
      const { record, version: last } = await recordOf(name);
      expect(last).toBe(version + 2);
      expect(record.generation).toBe(1);
      await stopAll(first, second);
    },
  );
});

/** Not earlier, and later only by the time that the write was on its way. */
function expectAbout(time: unknown, expected: number): void {
  expect(Date.parse(String(time))).toBeGreaterThanOrEqual(expected);
  expect(Date.parse(String(time))).toBeLessThan(expected + 60_000);
}

async function untilPast(...times: readonly string[]): Promise<void> {
  const last = Math.max(...times.map((time) => Date.parse(time)));
  await poll(`${new Date(last).toISOString()} to be past`, 60_000, async () => (Date.now() > last ? true : undefined));
}

describe.concurrent('what stands in the record is obeyed', { timeout: 2 * PATIENCE_MS }, () => {
  test.each([
    ['shortened', '20s', '1s'],
    ['lengthened', '20s', '30m'],
  ])('a grace that the policy has %s meanwhile ends as stored', async (name, grace, after) => {
    const place = await Workplace.open(setting, name, words(name, { grace }));
    const first = place.daemon();
    await first.until({ event: 'rotation.done' });
    consume(name);
    expect((await place.rekeyd('rotate', name)).code).toBe(0);
    const [entry] = (await recordOf(name)).record.superseded;
    await stopAll(first);
    await place.write(words(name, { grace: after, rotate: { every: '2h' }, ...withNote('changed') }));
    const second = place.daemon();
    await second.until({ event: 'secret.republished' });
    const revokeAt = Date.parse(entry?.revoke_at ?? '');
    const [carried] = (await recordOf(name)).record.superseded;
    expectAbout(carried?.revoke_at, revokeAt);
    const revoked = await second.until({ event: 'credential.revoked', access_key_id: entry?.access_key_id ?? '' });
    expectAbout(revoked['revoke_at'], revokeAt);
    expect(Date.parse(String(revoked['time'])) - Number(revoked['duration_ms'])).toBeGreaterThanOrEqual(revokeAt);
    await stopAll(second);
  });

  test('whoever rotates writes its own mapping, and beyond the rotations nothing is written', async () => {
    const name = 'contested';
    const one = await Workplace.open(setting, 'one-rotating', words(name, {}));
    const two = await Workplace.open(setting, 'two-rotating', words(name, { rotate: { every: '2h' } }));
    const older = one.daemon();
    await untilQuiet(older, name);
    consume(name);
    const newer = two.daemon();
    await untilNoticed(older, name, 'policies-disagree');
    const { version } = await recordOf(name);
    const policyOf = { one, two };
    const disagreeing = { one: newer, two: older };
    const rotated = ['one', 'two', 'one'] as const;
    for (const who of rotated) {
      expect((await policyOf[who].rekeyd('rotate', name)).code).toBe(0);
      await untilNoticed(disagreeing[who], name, 'policies-disagree');
      await Promise.all([older, newer].map((daemon) => untilLookedAgain(daemon, name, 2)));
    }
    expect((await recordOf(name)).version).toBe(version + rotated.length);
    expect((await recordOf(name)).record.generation).toBe(1 + rotated.length);
    await stopAll(older, newer);
    const last = one.daemon();
    await untilQuiet(last, name);
    await stopAll(last);
  });

  test('a hold in the record stops scheduled rotation and revocation until it ends, and no request of a person', async () => {
    const name = 'held';
    const place = await Workplace.open(setting, name, words(name, { rotate: { every: '5s' }, grace: '4s' }));
    const before = place.daemon();
    await before.until({ event: 'rotation.done', generation: 2 });
    await stopAll(before);
    consume(name);
    const holdUntil = async (until: number) => {
      const hold = { until: new Date(until).toISOString(), by: 'anna', why: 'migration' };
      await new Person(setting).editRecord(name, (record) => ({ ...record, hold }));
      return hold;
    };
    const hold = await holdUntil(Date.now() + 3_600_000);
    const { record, data } = await recordOf(name);
    expect(record.superseded).toHaveLength(1);
    const { rotate_at: rotateAt } = JSON.parse(data['rekeyd'] ?? '') as { rotate_at: string };
    const daemon = place.daemon();
    await untilPast(rotateAt, record.superseded[0]?.revoke_at ?? '');
    await untilLookedAgain(daemon, name, 2);
    expect((await place.rekeyd('rotate', name)).code).toBe(0);
    expect((await recordOf(name)).record).toMatchObject({ generation: record.generation + 1, hold });
    for (const event of ['rotation.done', 'credential.revoked']) expect(daemon.lines({ event })).toEqual([]);
    const until = Date.now() + 4_000;
    await holdUntil(until);
    for (const event of ['rotation.done', 'credential.revoked']) {
      const line = await daemon.until({ event });
      expect(Date.parse(String(line['time']))).toBeGreaterThanOrEqual(until);
    }
    await stopAll(daemon);
    await place.write(words(name, { grace: '4s' }));
    const last = place.daemon();
    await untilQuiet(last, name);
    await stopAll(last);
  });
});

test('nobody lost access, and nothing is left behind', async () => {
  await account.settled(60_000);
  await account.close();
});
