import { beforeAll, describe, expect, test } from 'vitest';
import { poll } from '../support/poll.ts';
import { useScene } from '../support/scene.ts';
import { type Account, openAccount } from './support/account.ts';
import { Consumers } from './support/consumers.ts';
import type { Daemon } from './support/daemon.ts';
import { applicationsOf, namesOf } from './support/fleet.ts';
import { findRecord, pathOf } from './support/record.ts';
import { arrangeMany, INSTANCE, type PolicyParts, run, type Site } from './support/setting.ts';

const SIZE = 200;
const REPLICAS = ['replica-1', 'replica-2', 'replica-3'];
const APPLICATIONS = namesOf(SIZE);
const WITH_CONSUMER = APPLICATIONS.filter((_, index) => index % 10 === 0);
/** Time for all replicas to start and look at everything before the moment at which everything is due, in ms. */
const AHEAD_MS = 20_000;

const scene = useScene();
let setting: Site;
let account: Account;
let replicas: readonly Daemon[];
let spread: string;
let rounds = 0;
/** Candidates that collisions have left behind. */
let left = 0;

/** What somebody with 200 applications would write. */
function policy(spread: string): PolicyParts {
  return {
    defaults: { grace: '20s' },
    applications: applicationsOf(APPLICATIONS, { rotate: { every: '12h' } }),
    scheduler: { resync: '1m', spread },
    issuer: { limits: { concurrency: 4, per_second: 20 } },
  };
}

/** As if all had been published at the same moment, twelve hours before. */
async function makeDue(name: string, at: number): Promise<void> {
  const { version, data, record } = await findRecord(setting.vault, name);
  const rekeyd = JSON.stringify({ ...record, rotate_at: new Date(at).toISOString() });
  const body = { options: { cas: version }, data: { ...data, rekeyd } };
  await setting.vault.tell('PUT', `secret/data/${pathOf(name)}`, body);
}

/** Of so many applications at most this share may be issued two credentials. */
const MOST_COLLISIONS = 0.02;

/** As somebody with many replicas sets it: two thousand times as long as a rotation takes there, at least two minutes. */
function spreadFor(first: Daemon): string {
  const durations = first.lines({ event: 'rotation.done' }).map((line) => Number(line['duration_ms']));
  const median = durations.toSorted((a, b) => a - b)[durations.length >> 1] ?? 0;
  return `${Math.min(900, Math.max(120, Math.ceil(2 * median)))}s`;
}

const countOf = (event: string): number[] => replicas.map((replica) => replica.lines({ event }).length);
const sum = (counts: readonly number[]): number => counts.reduce((a, b) => a + b, 0);

async function generations(): Promise<ReadonlySet<number>> {
  const found = await Promise.all(APPLICATIONS.map((name) => findRecord(setting.vault, name)));
  return new Set(found.map(({ record }) => record.generation));
}

/** Candidates of the last round that did not become anybody's credential. */
const collisions = (): number => sum(countOf('credential.issued')) - SIZE;

/** All at once, by three replicas that have just started. */
async function rotateAll(round: number): Promise<void> {
  const dueAt = Date.now() + AHEAD_MS;
  for (const name of APPLICATIONS) await makeDue(name, dueAt);
  replicas = await Promise.all(REPLICAS.map((name) => run(setting, `${name}-round-${round}`, policy(spread))));
  await poll('every application to be rotated', 1_200_000, async () =>
    sum(countOf('rotation.done')) >= SIZE ? true : undefined,
  );
  await Promise.all(replicas.map((replica) => replica.stop()));
  expect(await generations()).toEqual(new Set([1 + round]));
  expect(sum(countOf('rotation.done'))).toBe(SIZE);
  left += collisions();
}

// One Vault: in a cluster that elects a leader meanwhile, what is issued twice would be no sign of a collision.
beforeAll(async () => {
  setting = await arrangeMany(scene, { ttl: '1h', maxTtl: '1h' });
});

describe('three replicas over 200 applications that are all due at the same moment', { timeout: 1_300_000 }, () => {
  test('one replica alone gives each its first credential', async () => {
    const first = await run(setting, 'first', policy('0s'));
    for (const name of APPLICATIONS) await poll(`a record of ${name}`, 300_000, () => findRecord(setting.vault, name));
    await first.stop();
    spread = spreadFor(first);
    expect(setting.glesys.account.credentials(INSTANCE)).toHaveLength(SIZE);
    account = await openAccount(setting, 'fleet', APPLICATIONS);
    const consumers = await Consumers.open(setting);
    account.watch(...WITH_CONSUMER.map((name) => consumers.reading(name)));
  });

  test('every application ends exactly one generation on, with next to no collisions and the work shared', async () => {
    rounds = 1;
    await rotateAll(rounds);
    // a noisy machine may hold many rotations up at once; it does not do so every time
    while (collisions() >= MOST_COLLISIONS * SIZE && rounds < 3) {
      rounds += 1;
      await rotateAll(rounds);
    }
    const shares = countOf('rotation.done');
    account.more['collisions'] = collisions();
    account.more['s of spread'] = Number.parseInt(spread, 10);
    for (const [index, share] of shares.entries()) account.more[`by ${REPLICAS[index]}`] = share;
    expect(collisions()).toBeLessThan(MOST_COLLISIONS * SIZE);
    for (const share of shares) expect(share).toBeGreaterThanOrEqual(SIZE / 5);
  });

  test('nobody was refused, and what was superseded is gone after its grace', async () => {
    await run(setting, 'last', policy('0s'));
    await poll('the superseded credentials to be gone', 200_000, async () =>
      (await account.strays()).length <= left ? true : undefined,
    );
    // what a collision leaves is a stray, which nobody may enter before four minutes are over
    const figures = await account.close({ youngStrays: (await account.strays()).length });
    expect(figures.rotations).toBe(SIZE * rounds);
  });
});
