import { beforeAll, describe, expect, inject, test } from 'vitest';
import { poll } from '../support/poll.ts';
import { useScene } from '../support/scene.ts';
import { createRole } from './support/approle.ts';
import { answersTo } from './support/audit.ts';
import type { Daemon, LogLine } from './support/daemon.ts';
import { S3Consumer } from './support/s3-consumer.ts';
import { arrange, INSTANCE, type PolicyParts, run, type Setting } from './support/setting.ts';
import { startAgent } from './support/vault-agent.ts';

/** Name → period in seconds. The grace is four seconds, four times what the agents' look takes. */
const PERIODS = { billing: 5, archive: 6, mail: 8 } as const;
const NAMES = Object.keys(PERIODS) as (keyof typeof PERIODS)[];
const ROTATIONS = 5;
const GRACE_MS = 4_000;

function policy(every: (name: keyof typeof PERIODS) => string): PolicyParts {
  const applications = NAMES.map((name) => [
    name,
    { issuer: 'sto1', path: `apps/${name}/s3`, rotate: { every: every(name) } },
  ]);
  return { defaults: { grace: `${GRACE_MS / 1_000}s` }, applications: Object.fromEntries(applications) };
}

const scene = useScene();
let setting: Setting;

// An attempt may last 120 s and the 10 s of verify.timeout: a token that lives 140 s must be renewed every ten.
beforeAll(async () => {
  setting = await arrange(scene, { ttl: '140s', maxTtl: '1h' });
});

async function startConsumers(): Promise<readonly S3Consumer[]> {
  const program = inject('vaultProgram');
  const reader = 'path "secret/data/apps/*" { capabilities = ["read"] }';
  const login = await createRole(setting.vault, 'consumer', reader, { ttl: '1h', maxTtl: '1h' });
  return Promise.all(
    NAMES.map(async (name) => {
      const secret = `secret/data/apps/${name}/s3`;
      const file = await startAgent(scene, { name, program, vault: setting.vault.address, login, secret });
      const consumer = new S3Consumer(name, file);
      scene.atEnd(() => consumer.stop());
      return consumer;
    }),
  );
}

/** The record at an application's path, as rekeyd left it. */
interface Found {
  readonly data: Readonly<Record<string, string>>;
  readonly record: {
    readonly v: number;
    readonly owner: string;
    readonly application: string;
    readonly generation: number;
    readonly schedule: string;
    readonly credential: { readonly id: string; readonly access_key_id: string; readonly instance: string };
  };
}

async function read(name: string): Promise<Found> {
  const { data } = await setting.vault.tell('GET', `secret/data/apps/${name}/s3`);
  const fields = data?.['data'] as Readonly<Record<string, string>>;
  return { data: fields, record: JSON.parse(fields['rekeyd'] ?? '') as Found['record'] };
}

/** When a line was logged, Unix ms. */
const timeOf = (line: LogLine | undefined): number => Date.parse(String(line?.['time']));

const doneWith = (daemon: Daemon, name: string): number =>
  daemon.lines({ event: 'rotation.done', application: name }).length;

describe('the main job, on a real Vault and a real S3 server', () => {
  let daemon: Daemon;
  let consumers: readonly S3Consumer[];

  test('each application gets its first credential', async () => {
    daemon = await run(
      setting,
      'rekeyd',
      policy((name) => `${PERIODS[name]}s`),
    );
    for (const name of NAMES) await daemon.until({ event: 'rotation.done', application: name });
    for (const name of NAMES) {
      const { data, record } = await read(name);
      expect(record).toMatchObject({ v: 1, owner: 'real-test', application: name, credential: { instance: INSTANCE } });
      expect(data).toMatchObject({ access_key_id: record.credential.access_key_id, endpoint: setting.s3.s3 });
    }
  });

  test('five rotations of each go by, and no consumer is ever refused', async () => {
    consumers = await startConsumers();
    const before = Object.fromEntries(NAMES.map((name) => [name, doneWith(daemon, name)]));
    for (const name of NAMES) {
      const wanted = (before[name] ?? 0) + ROTATIONS;
      await daemon.until(
        { event: 'rotation.done', application: name },
        () => doneWith(daemon, name) >= wanted,
        150_000,
      );
    }
    for (const consumer of consumers) {
      expect(consumer.failures).toEqual([]);
      expect(consumer.used.length).toBeGreaterThanOrEqual(ROTATIONS);
      expect(consumer.requests).toBeGreaterThan(5 * consumer.used.length);
    }
  });

  test('credentials are revoked after their grace, and not before', async () => {
    const revoked = daemon.lines({ event: 'credential.revoked' });
    expect(revoked.length).toBeGreaterThan(NAMES.length);
    const published = new Map(
      daemon.lines({ event: 'credential.published' }).map((line) => [line['access_key_id'], line]),
    );
    expect(published.size).toBeGreaterThan(NAMES.length * ROTATIONS);
    const superseded = new Map(
      daemon.lines({ event: 'credential.superseded' }).map((line) => [line['access_key_id'], line]),
    );
    const live = await setting.ring.liveAccessKeyIds();
    for (const line of revoked) {
      const key = line['access_key_id'];
      expect(live).not.toContain(key);
      expect(published.has(key)).toBe(true);
      const { application, generation, revoke_at } = superseded.get(key) ?? {};
      const revokeAt = Date.parse(String(revoke_at));
      // the grace begins when the next credential is published, which is after it was verified
      const next = { application: String(application), generation: Number(generation) + 1 };
      const [verified] = daemon.lines({ event: 'credential.verified', ...next });
      expect(revokeAt).toBeGreaterThanOrEqual(timeOf(verified) + GRACE_MS);
      // the line is written once the issuer has answered, so the call began that much earlier
      expect(timeOf(line) - Number(line['duration_ms'])).toBeGreaterThanOrEqual(revokeAt);
    }
  });

  test('the token is renewed, and the shipped rights suffice for every call', async () => {
    const answers = await answersTo(setting.vault, 'rekeyd');
    expect(answers.filter(({ path }) => path === 'auth/token/renew-self').length).toBeGreaterThan(0);
    expect(answers.filter(({ error }) => error !== '')).toEqual([]);
  });

  test('SIGTERM ends it with exit code 0', async () => {
    expect(await daemon.stop()).toEqual({ code: 0, signal: null });
    expect(daemon.lines({ event: 'rotation.failed' })).toEqual([]);
  });

  test('started again with a longer period, it leaves exactly one live credential per application', async () => {
    const generations = await Promise.all(NAMES.map(async (name) => (await read(name)).record.generation));
    daemon = await run(
      setting,
      'rekeyd-slow',
      policy(() => '1h'),
    );
    // what was due already is rotated first, so that one live credential each is not yet the last one
    await poll('one live credential per application, under the longer period', 180_000, async () => {
      const found = await Promise.all(NAMES.map(read));
      const isOver = found.every(({ record }) => record.schedule.includes('"everyMs":3600000'));
      return isOver && (await setting.ring.liveAccessKeyIds()).size === NAMES.length ? true : undefined;
    });
    const records = await Promise.all(NAMES.map(async (name) => (await read(name)).record));
    const current = records.map(({ credential }) => credential);
    expect(await setting.ring.liveAccessKeyIds()).toEqual(new Set(current.map((one) => one.access_key_id)));
    expect(
      setting.glesys.account
        .credentials(INSTANCE)
        .map(({ id }) => id)
        .toSorted(),
    ).toEqual(current.map(({ id }) => id).toSorted());
    for (const [index, { generation }] of records.entries()) {
      expect(generation - (generations[index] ?? 0)).toBeLessThanOrEqual(1);
    }
  });

  test('no consumer was refused at any time', async () => {
    await Promise.all(consumers.map((consumer) => consumer.stop()));
    for (const consumer of consumers) expect(consumer.failures).toEqual([]);
    expect(await daemon.stop()).toEqual({ code: 0, signal: null });
  });
});
