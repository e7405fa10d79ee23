import { afterEach, beforeEach, expect, test } from 'vitest';
import { Secret } from '../../src/policy/secret.ts';
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

test('an answer with any other version than the very next one does not count as published', async () => {
  const replica = stage.replica();
  await replica.settle();
  stage.clock.advance(30 * DAY);
  const { vault } = replica.parts;
  const write = vault.write.bind(vault);
  vault.write = async (path, data, version) => ({ ...(await write(path, data, version)), version: version + 2 });
  expect((await replica.pass()).trouble).toMatchObject({ kind: 'failed', code: 'publish-unconfirmed' });
  expect(stage.live()).toHaveLength(2);
});

test('what reads back otherwise than it was written is reported and takes nothing back', async () => {
  const replica = stage.replica();
  await replica.settle();
  stage.clock.advance(30 * DAY);
  const { vault } = replica.parts;
  const read = vault.read.bind(vault);
  vault.read = async (path) => {
    const stored = await read(path);
    const isNew = stored.state === 'present' && stored.version === 2;
    return isNew ? { ...stored, data: new Secret({ ...stored.data.reveal(), endpoint: 'https://elsewhere' }) } : stored;
  };
  const outcome = await replica.pass();
  expect(outcome).toMatchObject({ did: 'rotated', notices: [{ code: 'read-back-differs' }] });
  expect(stage.eventNames()).toContain('read_back.differs');
  expect(stage.live()).toHaveLength(2);
});

test('a grace starts at the later of the two clocks', async () => {
  const replica = stage.replica();
  await replica.settle();
  stage.clock.step(-50_000);
  await replica.settle('billing', { rotate: true, despite: [] });
  const [entry] = stage.record().superseded;
  const vaultNow = stage.clock.servers.now();
  expect(Date.parse(entry?.revoke_at ?? '')).toBeGreaterThanOrEqual(vaultNow + DAY - 2000);
});

test('the quota counts what was issued since the list', async () => {
  await stage.close();
  stage = await Stage.open({ applications: { one: {}, two: {} }, limits: { credentials: 1 } });
  const replica = stage.replica();
  await replica.parts.rotator.survey(['one', 'two'], async () => {});
  expect((await replica.pass('one')).did).toBe('rotated');
  expect((await replica.pass('two')).trouble).toMatchObject({ kind: 'blocked', code: 'quota-full' });
});

test('a superseded credential is revoked at its own instance, by whichever issuer of the policy names it', async () => {
  await stage.replica().settle();
  const instance = stage.glesys.account.addInstance();
  const moved = { issuer: { instance }, moreInstances: [stage.instance] };
  const replica = stage.replica('replica-2', moved);
  await replica.settle('billing', { rotate: true, despite: ['instance-changed'] });
  expect(stage.live()).toHaveLength(1);
  stage.clock.advance(DAY + 1000);
  await replica.settle();
  expect(stage.live()).toHaveLength(0);
  expect(stage.glesys.account.credentials(instance)).toHaveLength(1);
});

test('the mirror for people follows every write', async () => {
  const mirrorOf = () => stage.vault.vault.kv2().entry('apps/billing')?.customMetadata;
  await stage.replica().settle();
  expect(mirrorOf()).toMatchObject({
    rekeyd_application: 'acme/billing',
    rekeyd_generation: '1',
    rekeyd_access_key_id: stage.live()[0]?.accessKeyId,
    rekeyd_rotate_at: stage.record().rotate_at,
  });
  stage.clock.advance(HOUR);
  const rotate = { everyMs: 10 * DAY, timezone: 'UTC', jitterMs: 0 };
  await stage.replica('replica-2', { applications: { billing: { rotate } } }).settle();
  expect(mirrorOf()).toMatchObject({ rekeyd_rotate_at: stage.record().rotate_at });
});

test('a mirror that cannot be written is told and fails nothing', async () => {
  stage.vault.faults.add({ method: 'PATCH', path: '/v1/secret/metadata/', fault: 'status', status: 403 });
  expect((await stage.replica().settle()).trouble).toBeUndefined();
  expect(stage.eventNames()).toContain('mirror.failed');
});

test('every event of a rotation names application, issuer, instance and generation', async () => {
  const replica = stage.replica();
  await replica.settle();
  stage.clock.advance(30 * DAY);
  stage.keys.worksAfterMs = Number.POSITIVE_INFINITY;
  await replica.settle();
  for (const event of stage.events) {
    const names = { application: 'billing', issuer: 'sto1', instance: stage.instance };
    expect(event, event.event).toMatchObject({ ...names, generation: expect.any(Number) });
  }
});

test('a process that stops ends what it has begun and begins nothing else', async () => {
  await stage.close();
  stage = await Stage.open({ applications: { one: {}, two: {} } });
  const { rotator } = stage.replica().parts;
  stage.keys.worksAfterMs = 5_000;
  const first = rotator.pass('one');
  while (!stage.eventNames().includes('credential.issued')) await new Promise(setImmediate);
  expect(rotator.acting).toEqual(['one']);
  const ended = rotator.quiesce();
  expect((await rotator.pass('two')).trouble).toMatchObject({ code: 'stopping' });
  await ended;
  expect((await first).did).toBe('rotated');
  expect(rotator.acting).toEqual([]);
  expect(stage.live()).toHaveLength(1);
});
