import { expect, onTestFinished, test } from 'vitest';
import { settle } from '../../src/rotation/settle.ts';
import {
  billFor,
  type Calls,
  lookCalls,
  mountCalls,
  REVOCATION_CALLS,
  rotationCalls,
  sumOf,
} from '../../src/scheduler/costs.ts';
import type { Coming } from '../../src/scheduler/forecast.ts';
import { DAY, HOUR, type Replica, START, Stage, type StageOptions } from '../support/stage.ts';

interface Counter {
  /** What the servers were asked since the last call. */
  readonly since: () => Calls;
}

const COUNTED = { fault: 'delay', delay_ms: 0 } as const;

/** Counts what reaches the stand-ins: a fault that does no harm sees every request. */
function countOn({ glesys, vault, s3 }: Stage): Counter {
  const counts = {
    lists: counter(glesys.faults, '/objectstorage/instancedetails'),
    issues: counter(glesys.faults, '/objectstorage/createcredential'),
    revokes: counter(glesys.faults, '/objectstorage/deletecredential'),
    gets: counter(vault.faults, '/', 'GET'),
    rights: counter(vault.faults, '/v1/sys/capabilities-self'),
    puts: counter(vault.faults, '/v1/secret/data', 'PUT'),
    patches: counter(vault.faults, '/v1/secret/metadata', 'PATCH'),
    tries: counter(s3.faults, '/'),
  };
  return {
    since: () => ({
      lists: counts.lists(),
      issues: counts.issues(),
      revokes: counts.revokes(),
      vaultReads: counts.gets() + counts.rights(),
      vaultWrites: counts.puts() + counts.patches(),
      s3Tries: counts.tries(),
    }),
  };
}

function counter(faults: Stage['vault']['faults'], path: string, method?: string): () => number {
  faults.add({ ...COUNTED, path, ...(method !== undefined && { method }) });
  const index = faults.list().length - 1;
  let told = 0;
  return () => {
    const { matched = 0 } = faults.list()[index] ?? {};
    const since = matched - told;
    told = matched;
    return since;
  };
}

async function stageWith(options: StageOptions): Promise<{ stage: Stage; replica: Replica }> {
  const stage = await Stage.open(options);
  onTestFinished(() => stage.close());
  return { stage, replica: stage.replica() };
}

const TWO = {
  applications: { billing: { verify: { timeoutMs: 60_000, successes: 3, buckets: ['invoices'] } }, reports: {} },
};

test('a real rotation, its revocation and a look make exactly the calls that are counted for them', async () => {
  const { stage, replica } = await stageWith(TWO);
  const { policy, rotator } = replica.parts;
  const names = [...policy.applications.keys()];
  // logs in, and finds out once which cluster it is
  await rotator.survey(names, async () => {});
  const { since } = countOn(stage);
  const billing = policy.applications.get('billing');
  if (!billing) throw new Error('no application');

  await rotator.survey(names, async () => {});
  expect(since()).toEqual(lookCalls(2));

  const request = { rotate: true, despite: [] };
  expect((await settle(rotator, 'billing', stage.clock, request)).did).toEqual(['rotated']);
  expect(since()).toEqual(sumOf([rotationCalls(billing), mountCalls(policy.vault)]));

  await rotator.survey(names, async () => {});
  since();
  expect((await settle(rotator, 'billing', stage.clock, request)).did).toEqual(['rotated']);
  // the mount is still known
  expect(since()).toEqual(rotationCalls(billing));

  stage.clock.advance(billing.graceMs + 1_000);
  await rotator.survey(names, async () => {});
  since();
  expect((await replica.pass('billing')).did).toBe('revoked');
  expect(since()).toEqual(REVOCATION_CALLS);
});

/** Steps of the two, each at so many ms after the start. */
const steps = (...at: readonly (readonly [number, Coming['does']])[]): Coming[] =>
  at.map(([ms, does]) => ({ at: START + ms, application: 'billing', does, what: does }));

test('a bill has every look of a daemon in it, and every step', async () => {
  const { replica } = await stageWith({ applications: { billing: {}, reports: {} } });
  const { policy } = replica.parts;
  const names = [...policy.applications.keys()];
  const { issuers, all } = billFor(policy, steps([0, 'issue'], [HOUR, 'revoke']), names, DAY);
  // one round of the resync every five minutes
  expect(issuers[0]?.calls).toMatchObject({ lists: 288, issues: 1, revokes: 1 });
  const own = rotationCalls({ verify: { timeoutMs: 1, successes: 2, buckets: [] } });
  const looks = 2 * 288 + 288;
  expect(all.vaultReads).toBe(
    own.vaultReads + REVOCATION_CALLS.vaultReads + mountCalls(policy.vault).vaultReads + looks,
  );
  expect([all.vaultWrites, all.s3Tries]).toEqual([own.vaultWrites, own.s3Tries]);
});

test('a bill knows the busiest hour and minute, and how long the limit lets those take', async () => {
  const { replica } = await stageWith({ applications: { billing: {} }, limits: { perSecond: 2 } });
  const { policy } = replica.parts;
  const rush = Array.from({ length: 60 }, (): readonly [number, Coming['does']] => [3 * HOUR, 'issue']);
  const [bill] = billFor(policy, steps([0, 'issue'], ...rush), ['billing'], DAY).issuers;
  expect(bill?.busiestMinute).toEqual({ at: START + 3 * HOUR, calls: 60, takesMs: 30_000 });
  expect(bill?.busiestHour?.at).toBe(START + 3 * HOUR);
  expect(bill?.busiestHour?.rate).toBeCloseTo(60 / 3_600 + 12 / 3_600);
});

test('a fleet that is larger than the pace of reading allows is looked at less often', async () => {
  const applications = Object.fromEntries(Array.from({ length: 6_000 }, (_, index) => [`a${index}`, {}]));
  const { replica } = await stageWith({ applications });
  const { policy } = replica.parts;
  const { issuers } = billFor(policy, [], [...policy.applications.keys()], HOUR);
  // ten records a second: ten minutes a round, a list for each two hundred
  expect(issuers[0]?.calls).toMatchObject({ lists: 6 * 30, vaultReads: 6 * 6_000 });
});
