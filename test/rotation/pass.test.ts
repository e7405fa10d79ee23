import { expect, test } from 'vitest';
import { PortError } from '../../src/rotation/errors.ts';
import { iso } from '../../src/rotation/record.ts';
import { ASKED, failure, Memory, RESYNC_MS, settled } from './memory.ts';
import { applicationOf, DAY, HOUR, INSTANCE, NOW } from './scene.ts';

const noPace = async () => {};

test('a look tells all that status shows, and touches nothing', async () => {
  const { memory, replica } = await settled();
  const before = memory.secret;
  const [outcome] = await replica.rotator.survey(['billing'], noPace);
  const { credential, published_at } = memory.record;
  expect(outcome).toEqual({
    application: 'billing',
    did: 'nothing',
    notices: [],
    nextAt: NOW + 30 * DAY,
    next: 'rotate',
    view: {
      application: 'billing',
      issuer: 'sto1',
      path: 'apps/billing/s3',
      generation: 1,
      rotateAt: NOW + 30 * DAY,
      superseded: [],
      strays: 0,
      current: {
        credentialId: credential?.id,
        accessKeyId: credential?.access_key_id,
        instance: INSTANCE,
        issuedAt: NOW,
        publishedAt: Date.parse(published_at),
        adopted: false,
      },
    },
  });
  expect(memory.secret).toBe(before);
  expect(memory.events).toEqual([]);
});

test('a survey lends its list to passes until the resync, and to none of an application it did not see', async () => {
  const { memory, replica } = await settled();
  const fresh = memory.replica();
  expect(fresh.rotator.isSurveyed('billing')).toBe(false);
  expect(fresh.rotator.isSurveyed('nobody')).toBe(false);
  await replica.rotator.survey(['billing'], noPace);
  expect(replica.rotator.isSurveyed('billing')).toBe(true);
  memory.clock.advance(RESYNC_MS + 1);
  expect(replica.rotator.isSurveyed('billing')).toBe(false);
});

test('a survey waits for its pace before each record, and reads a few at a time', async () => {
  const memory = new Memory();
  const names = Array.from({ length: 40 }, (_, n) => `app-${n}`);
  const applications = new Map(names.map((name) => [name, applicationOf({ name, path: `apps/${name}` })]));
  const { rotator } = memory.replica({}, { applications });
  let [paces, reading, most] = [0, 0, 0];
  const { read } = memory.store;
  memory.store.read = async (path) => {
    expect(paces).toBeGreaterThan(0);
    reading += 1;
    most = Math.max(most, reading);
    await new Promise(setImmediate);
    reading -= 1;
    return read(path);
  };
  const outcomes = await rotator.survey(names, async () => {
    paces += 1;
  });
  expect(outcomes.map(({ application }) => application)).toEqual(names);
  expect(paces).toBe(40);
  expect(most).toBeGreaterThan(1);
  expect(most).toBeLessThanOrEqual(16);
});

test('what cannot even be read is a failure of that application alone, told with all that helps', async () => {
  const { memory, replica } = await settled();
  memory.store.read = () => Promise.reject(failure('unavailable', 'vault-sealed', { retryAfterMs: 5000 }));
  const words = { code: 'vault-sealed', reason: 'could not do it: it is vault-sealed', remedy: 'mend it' };
  const trouble = { kind: 'failed', ...words, retryAfterMs: 5000 };
  const failed = { application: 'billing', did: 'nothing', notices: [], nextAt: memory.clock.now(), next: 'try again' };
  expect(await replica.pass()).toEqual({ ...failed, trouble });
  expect(await replica.rotator.survey(['billing'], noPace)).toEqual([{ ...failed, trouble }]);
  const event = { event: 'pass.failed', application: 'billing', issuer: 'sto1', why: 'observe', ...words };
  expect(memory.events).toEqual([event, event]);
});

test('a name that the policy does not know fails as a defect that says so in the log', async () => {
  const { memory, replica } = await settled();
  const outcome = await replica.rotator.pass('nobody');
  expect(outcome).toMatchObject({ application: 'nobody', trouble: { kind: 'failed', code: 'internal-error' } });
  expect(memory.events).toMatchObject([{ event: 'pass.failed', application: 'nobody' }]);
  expect(memory.events[0]).not.toHaveProperty('issuer');
});

test('a refusal waits for a person, and shows how the application stands', async () => {
  const { memory, replica } = await settled();
  memory.put({ ...memory.secret, secret_access_key: 'edited' });
  const outcome = await replica.pass();
  expect(outcome).toMatchObject({
    did: 'nothing',
    trouble: { kind: 'refused', code: 'edited' },
    nextAt: Number.POSITIVE_INFINITY,
    next: 'look again',
    view: { generation: 1 },
  });
});

test('what blocks a rotation is told with the generation it would have made', async () => {
  const { memory, replica } = await settled();
  memory.clock.advance(30 * DAY);
  memory.standing = { mount: 'kv-v1' };
  const outcome = await replica.pass();
  expect(outcome).toMatchObject({
    did: 'nothing',
    trouble: { kind: 'blocked', code: 'mount-not-kv2' },
    nextAt: memory.clock.now(),
    next: 'try again',
    view: { generation: 1 },
  });
  expect(memory.events).toEqual([
    {
      event: 'rotation.blocked',
      application: 'billing',
      issuer: 'sto1',
      instance: INSTANCE,
      generation: 2,
      why: 'rotate',
      code: 'mount-not-kv2',
      reason: outcome.trouble?.reason,
      remedy: outcome.trouble?.remedy,
    },
  ]);
  expect(memory.live).toHaveLength(1);
});

test('a rotation that failed is told as one, and other work as a pass that failed', async () => {
  const { memory, replica } = await settled();
  memory.issuer.issue = () => Promise.reject(failure('rejected', 'quota-full', { retryAfterMs: 7000 }));
  const outcome = await replica.pass(ASKED);
  expect(outcome.trouble).toMatchObject({ kind: 'failed', code: 'quota-full', retryAfterMs: 7000 });
  expect(memory.events.at(-1)).toMatchObject({ event: 'rotation.failed', generation: 2, why: 'rotate' });

  const rotate = { everyMs: 10 * DAY, timezone: 'UTC', jitterMs: 0 };
  const rescheduling = memory.replica({ rotate });
  memory.store.write = () => Promise.reject(failure('ambiguous', 'vault-unanswered'));
  expect((await rescheduling.pass()).trouble).toMatchObject({ kind: 'failed', code: 'vault-unanswered' });
  const told = { event: 'pass.failed', application: 'billing', generation: 1, why: 'reschedule' };
  expect(memory.events.at(-1)).toMatchObject(told);
});

test('trouble keeps the notices that stood beside it', async () => {
  const { memory, replica } = await settled();
  memory.ahead = -2 * HOUR;
  memory.issuer.issue = () => Promise.reject(failure('rejected', 'quota-full'));
  const outcome = await replica.pass(ASKED);
  expect(outcome.notices.map(({ code }) => code)).toEqual(['clocks-disagree']);
});

test('after an attempt that failed the next one sees a new list, though the record is unchanged', async () => {
  const { memory, replica } = await settled();
  await replica.rotator.survey(['billing'], noPace);
  const lists = memory.issuer.lists;
  memory.issuer.issue = () => Promise.reject(failure('ambiguous', 'issuer-unanswered'));
  await replica.pass(ASKED);
  expect(memory.issuer.lists).toBe(lists);
  await replica.pass(ASKED);
  expect(memory.issuer.lists).toBe(lists + 1);
});

test('a record that changed since the survey is judged by a newer list', async () => {
  const { memory, replica } = await settled();
  await replica.rotator.survey(['billing'], noPace);
  const lists = memory.issuer.lists;
  await replica.pass();
  expect(memory.issuer.lists).toBe(lists);
  memory.put({ ...memory.secret, note: 'by hand' });
  await replica.pass();
  expect(memory.issuer.lists).toBe(lists + 1);
});

test('each deed is named in the outcome, with what comes next', async () => {
  const { memory, replica } = await settled();
  const rotated = await replica.pass(ASKED);
  expect(rotated).toMatchObject({ did: 'rotated', notices: [], next: expect.stringContaining('revoke') });
  expect(rotated.nextAt).toBe(memory.clock.now() + DAY);
  expect(rotated.view).toMatchObject({ generation: 2, superseded: [{ why: 'rotated' }] });
  memory.clock.advance(DAY + 1);
  expect((await replica.rotator.survey(['billing'], noPace))[0]).toMatchObject({
    nextAt: memory.clock.now(),
    next: expect.stringMatching(/^revoke AK/),
  });
  const revoked = await replica.pass();
  expect(revoked).toMatchObject({ did: 'revoked', view: { superseded: [] } });
  expect(replica.rotator.isSurveyed('billing')).toBe(true);
  expect((await replica.pass()).did).toBe('nothing');
  expect(memory.issuer.revoked).toHaveLength(1);
});

test('a revocation that did not come off is no deed, is put off, and is tried again', async () => {
  const { memory, replica } = await settled();
  await replica.pass(ASKED);
  memory.clock.advance(DAY + 1);
  const { revoke } = memory.issuer;
  memory.issuer.revoke = () => Promise.reject(failure('rejected', 'issuer-forbidden'));
  const outcome = await replica.pass();
  expect(outcome).toMatchObject({ did: 'nothing', notices: [{ code: 'revocation-failed' }] });
  expect(outcome.nextAt).toBe(memory.clock.now() + 30_000);
  memory.issuer.revoke = revoke;
  expect((await replica.pass()).did).toBe('nothing');
  memory.clock.advance(30_000);
  expect((await replica.pass()).did).toBe('revoked');
});

test('a process that stops carries nothing out any more, and that is no failure to tell of', async () => {
  const { memory, replica } = await settled();
  expect(replica.rotator.acting).toEqual([]);
  await replica.rotator.quiesce();
  const outcome = await replica.pass(ASKED);
  expect(outcome.trouble).toMatchObject({ kind: 'failed', code: 'stopping' });
  expect(memory.events).toEqual([]);
  expect(memory.live).toHaveLength(1);
});

test('while something is carried out its application is named, and stopping waits for it', async () => {
  const { memory, replica } = await settled();
  const { issue } = memory.issuer;
  let goOn = () => {};
  memory.issuer.issue = async (description) => {
    await new Promise<void>((resolve) => {
      goOn = resolve;
    });
    return issue(description);
  };
  const passing = replica.pass(ASKED);
  while (memory.told('rotation.started').length === 0) await new Promise(setImmediate);
  expect(replica.rotator.acting).toEqual(['billing']);
  let isQuiet = false;
  const quiet = replica.rotator.quiesce().then(() => {
    isQuiet = true;
  });
  await new Promise(setImmediate);
  expect(isQuiet).toBe(false);
  goOn();
  await quiet;
  expect((await passing).did).toBe('rotated');
  expect(replica.rotator.acting).toEqual([]);
});

test('an examination names every condition that does not hold, and touches nothing', async () => {
  const { memory, replica } = await settled();
  expect(await replica.rotator.examine('billing')).toMatchObject({
    outcome: { did: 'nothing', next: 'rotate' },
    unmet: [],
  });
  memory.standing = { mount: 'kv-v1', tokenTtlMs: 1 };
  memory.verifier.reach = () => Promise.reject(failure('unavailable', 's3-unreachable'));
  const { unmet } = await replica.rotator.examine('billing');
  expect(unmet.map(({ code }) => code)).toEqual(['mount-not-kv2', 'token-short-lived', 'endpoint-silent']);
  expect(unmet[2]?.reason).toContain('s3-unreachable');
  expect(memory.events).toEqual([]);
});

test('an examination counts the strays that a record could enter but has not', async () => {
  const { memory, replica } = await settled();
  memory.store.write = () => Promise.reject(failure('ambiguous', 'vault-unanswered'));
  await replica.pass(ASKED);
  await replica.pass(ASKED);
  const { unmet } = await memory.replica().rotator.examine('billing');
  expect(unmet.map(({ code }) => code)).toEqual(['strays-waiting']);
});

test('an examination of what cannot be read shows the failure', async () => {
  const { memory, replica } = await settled();
  memory.store.read = () => Promise.reject(failure('unavailable', 'vault-sealed'));
  const examined = await replica.rotator.examine('billing');
  expect(examined).toMatchObject({ outcome: { trouble: { code: 'vault-sealed' } }, unmet: [] });
  expect(examined.unmet).toEqual([]);
});

test('a superseded key that stands in the secret is spared a grace from when it was last seen there', async () => {
  const { memory, replica } = await settled();
  const old = memory.record.credential?.access_key_id;
  await replica.pass(ASKED);
  const ours = memory.secret;
  memory.put({ ...ours, NOTE: `use ${old}` });
  memory.clock.advance(2 * DAY);
  expect((await replica.pass()).notices.map(({ code }) => code)).toEqual(['still-referenced']);
  const lastSeen = memory.clock.now();
  memory.put(ours);
  const outcome = await replica.pass();
  expect(outcome).toMatchObject({ did: 'nothing', nextAt: lastSeen + DAY, notices: [{ code: 'used-lately' }] });
  expect(outcome.notices[0]?.reason).toContain(old);
  expect(outcome.notices[0]?.reason).toMatch(/lives on: \w/);
  expect(outcome.notices[0]?.remedy).toMatch(/\w{3}/);
  memory.clock.advance(DAY);
  expect((await replica.pass()).did).toBe('revoked');
});

test('a hold that stands in the record is shown with who set it and why', async () => {
  const { memory, replica } = await settled();
  const hold = { until: iso(memory.clock.now() + HOUR), by: 'anna', why: 'migration' };
  memory.put({ ...memory.secret, rekeyd: JSON.stringify({ ...memory.record, hold }) });
  const { view } = await replica.pass();
  expect(view?.hold).toEqual({ until: memory.clock.now() + HOUR, by: 'anna', why: 'migration' });
});

/** A superseded key whose grace ended while Vault could not be read for so long. */
async function unread(silenceMs: number, error = failure('unavailable', 'vault-sealed')) {
  const { memory, replica } = await settled();
  await replica.pass(ASKED);
  memory.clock.advance(DAY - silenceMs + 1);
  const { read } = memory.store;
  memory.store.read = () => Promise.reject(error);
  await replica.pass();
  memory.clock.advance(silenceMs);
  await replica.pass();
  memory.store.read = read;
  return { memory, replica };
}

test('after a silence of Vault longer than a refresh an old key waits until consumers could look again', async () => {
  const { memory, replica } = await unread(HOUR + 1);
  const answered = memory.clock.now();
  const outcome = await replica.pass();
  expect(outcome).toMatchObject({ did: 'nothing', nextAt: answered + 2 * HOUR, notices: [{ code: 'unread-lately' }] });
  expect(outcome.notices[0]?.reason).toMatch(/AK.*lives on: .*2026-03-12T12:00:00/);
  expect(outcome.notices[0]?.remedy).toMatch(/\w{3}/);
  memory.clock.advance(2 * HOUR - 1);
  expect((await replica.pass()).did).toBe('nothing');
  memory.clock.advance(1);
  expect((await replica.pass()).did).toBe('revoked');
});

test('a silence that costs a consumer one look at most, or is about one path only, puts nothing off', async () => {
  const short = await unread(HOUR);
  expect((await short.replica.pass()).did).toBe('revoked');
  const denied = new PortError({ ...failure('rejected', 'vault-permission-denied'), concerns: 'request' } as never);
  const path = await unread(2 * HOUR, denied);
  expect((await path.replica.pass()).did).toBe('revoked');
});

test('a silence puts off no longer than the grace, and nothing whose own time comes later', async () => {
  const { memory, replica } = await settled({ graceMs: HOUR, consumers: { refreshMs: HOUR } });
  await replica.pass(ASKED);
  const { read } = memory.store;
  memory.store.read = () => Promise.reject(failure('unavailable', 'vault-sealed'));
  await replica.pass();
  memory.clock.advance(2 * HOUR);
  memory.store.read = read;
  expect(await replica.pass()).toMatchObject({ did: 'nothing', nextAt: memory.clock.now() + HOUR });

  const later = await unread(HOUR + 1);
  const superseded = later.memory.record.superseded.map((entry) => {
    return { ...entry, revoke_at: iso(later.memory.clock.now() + 3 * HOUR) };
  });
  later.memory.put({ ...later.memory.secret, rekeyd: JSON.stringify({ ...later.memory.record, superseded }) });
  const outcome = await later.replica.pass();
  expect(outcome).toMatchObject({ nextAt: later.memory.clock.now() + 3 * HOUR, notices: [] });
});
