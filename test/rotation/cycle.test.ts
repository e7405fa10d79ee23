import { afterEach, beforeEach, expect, test } from 'vitest';
import { DAY, HOUR, Stage } from '../support/stage.ts';

let stage: Stage;
beforeEach(async () => {
  stage = await Stage.open();
});
afterEach(() => stage.close());

test('a new application gets a verified credential, published with its record', async () => {
  const outcome = await stage.replica().settle();
  expect(outcome.trouble).toBeUndefined();
  expect(stage.record()).toMatchObject({ owner: 'acme', application: 'billing', generation: 1, by: 'replica-1' });
  expect(stage.live()).toHaveLength(1);
  expect(stage.secret()).toMatchObject({ access_key_id: stage.live()[0]?.accessKeyId, endpoint: stage.s3.url });
  expect(stage.eventNames()).toEqual([
    'rotation.started',
    'credential.issued',
    'credential.verified',
    'credential.published',
    'credential.read_back',
    'rotation.done',
  ]);
});

test('a due credential is replaced, lives through its grace, and is revoked after it', async () => {
  const replica = stage.replica();
  await replica.settle();
  const [first] = stage.live();
  stage.clock.advance(30 * DAY);
  const rotated = await replica.settle();
  expect(rotated.nextAt).toBe(stage.clock.now() + DAY);
  expect(stage.record()).toMatchObject({ generation: 2, superseded: [{ id: first?.id, why: 'rotated' }] });
  expect(stage.live()).toHaveLength(2);
  stage.clock.advance(DAY - 1000);
  await replica.settle();
  expect(stage.live()).toHaveLength(2);
  stage.clock.advance(2000);
  await replica.settle();
  expect(stage.live().map(({ id }) => id)).toEqual([stage.record().credential?.id]);
  expect(stage.works()).toBe(true);
});

test('a revocation alone writes nothing, and the next write drops the settled entry', async () => {
  const replica = stage.replica();
  await replica.settle();
  stage.clock.advance(30 * DAY);
  await replica.settle();
  const before = stage.secret();
  stage.clock.advance(DAY + 1000);
  await replica.settle();
  expect(stage.secret()).toEqual(before);
  stage.clock.advance(29 * DAY);
  await replica.settle();
  expect(stage.record().generation).toBe(3);
  expect(stage.record().superseded).toHaveLength(1);
});

test('fields of others at the path are carried over unchanged', async () => {
  stage.handWrite({ DATABASE_URL: 'postgres://db', nested: { a: [1, 2.5, null] } });
  const replica = stage.replica();
  await replica.settle();
  stage.clock.advance(30 * DAY);
  await replica.settle();
  expect(stage.secret()).toMatchObject({ DATABASE_URL: 'postgres://db', nested: { a: [1, 2.5, null] } });
  expect(stage.record().generation).toBe(2);
});

test('unknown members of the record are carried along', async () => {
  const replica = stage.replica();
  await replica.settle();
  const record = { ...stage.record(), colour: 'blue' };
  stage.handWrite({ ...stage.secret(), rekeyd: JSON.stringify(record) });
  stage.clock.advance(30 * DAY);
  await replica.settle();
  expect(stage.record()).toMatchObject({ generation: 2, colour: 'blue' });
});

test('changed fields are republished with the same credential and generation by a process with a newer policy', async () => {
  await stage.replica().settle();
  stage.clock.advance(HOUR);
  const fields = {
    access_key_id: '{access_key_id}',
    secret_access_key: '{secret_access_key}',
    KEY: '{access_key_id}',
    region: null,
  };
  const next = stage.replica('replica-2', {
    applications: { billing: { fields: { ...fields, KEY: 'key={access_key_id}' } } },
  });
  const outcome = await next.pass();
  expect(outcome.did).toBe('republished');
  expect(stage.record()).toMatchObject({ generation: 1, by: 'replica-2' });
  expect(stage.secret()).toMatchObject({ KEY: `key=${stage.live()[0]?.accessKeyId}`, endpoint: stage.s3.url });
  expect(stage.secret()).not.toHaveProperty('region');
  expect(stage.live()).toHaveLength(1);
});

test('nothing is republished at an endpoint where the secret does not work', async () => {
  await stage.replica().settle();
  stage.clock.advance(HOUR);
  const before = stage.secret();
  await stage.s3.close();
  const fields = { access_key_id: '{access_key_id}', secret_access_key: '{secret_access_key}', KEY: '{access_key_id}' };
  const outcome = await stage.replica('replica-2', { applications: { billing: { fields } } }).pass();
  expect(outcome.trouble).toMatchObject({ kind: 'failed', code: 'verification-failed' });
  expect(stage.secret()).toEqual(before);
});

test('a changed schedule enters the record without a herd, and nothing else changes', async () => {
  await stage.replica().settle();
  const before = stage.record();
  stage.clock.advance(20 * DAY);
  const rotate = { everyMs: 10 * DAY, timezone: 'UTC', jitterMs: 0 };
  const outcome = await stage.replica('replica-2', { applications: { billing: { rotate } } }).pass();
  expect(outcome.did).toBe('rescheduled');
  const at = Date.parse(stage.record().rotate_at);
  expect(at).toBeGreaterThanOrEqual(stage.clock.now());
  expect(at).toBeLessThan(stage.clock.now() + DAY);
  expect(stage.record()).toMatchObject({ generation: 1, credential: before.credential });
});

test('two replicas that rotate at once leave one credential published and the other to be revoked after its grace', async () => {
  const [one, two] = [stage.replica('replica-1'), stage.replica('replica-2')];
  await one.settle();
  stage.clock.advance(30 * DAY);
  const outcomes = await Promise.all([one.pass(), two.pass()]);
  expect(outcomes.filter(({ did }) => did === 'rotated')).toHaveLength(1);
  expect(stage.record().generation).toBe(2);
  expect(stage.live()).toHaveLength(3);
  stage.clock.advance(HOUR);
  expect((await two.settle()).trouble).toBeUndefined();
  expect(
    stage
      .record()
      .superseded.map(({ why }) => why)
      .toSorted(),
  ).toEqual(['rotated', 'stray']);
  stage.clock.advance(2 * DAY);
  await one.settle();
  expect(stage.live().map(({ id }) => id)).toEqual([stage.record().credential?.id]);
});

test('a survey of many applications asks for each list once', async () => {
  await stage.close();
  const names = Array.from({ length: 20 }, (_, n) => `app-${n}`);
  stage = await Stage.open({ applications: Object.fromEntries(names.map((name) => [name, {}])) });
  const replica = stage.replica();
  const lists = countLists(stage);
  const outcomes = await replica.parts.rotator.survey(names, async () => {});
  expect(lists()).toBe(1);
  expect(outcomes.every(({ nextAt }) => nextAt <= stage.clock.now())).toBe(true);
  for (const name of names) await replica.pass(name);
  expect(lists()).toBe(1);
  expect(stage.live()).toHaveLength(20);
});

function countLists(on: Stage): () => number {
  let count = 0;
  const { credentials } = on.glesys.account;
  on.glesys.account.credentials = (instance) => {
    count += 1;
    return credentials.call(on.glesys.account, instance);
  };
  return () => count;
}
