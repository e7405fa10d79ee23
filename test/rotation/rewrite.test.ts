import { expect, test } from 'vitest';
import type { ApplicationPolicy } from '../../src/policy/policy.ts';
import { rotateAt, scheduleText } from '../../src/policy/schedule.ts';
import { iso } from '../../src/rotation/record.ts';
import { failure, Memory, settled } from './memory.ts';
import { DAY, FIELDS, HOUR, INSTANCE, marked, NOW, PLACE, TARGET } from './scene.ts';

const names = { application: 'billing', instance: INSTANCE };
const otherFields = { ...FIELDS, KEY: 'key={access_key_id}' };
const otherRotate = { everyMs: 20 * DAY, timezone: 'UTC', jitterMs: 0 };

/** A key made by hand that stands in Vault beside somebody's note. */
function handMade(description = 'made by hand') {
  const memory = new Memory();
  const made = memory.issuer.make(description);
  memory.put({ access_key_id: made.accessKeyId, secret_access_key: made.secretAccessKey.reveal(), note: 'ask Anna' });
  memory.clock.advance(HOUR);
  return { memory, made };
}

test('changed fields are published with the same credential, generation and schedule, and told', async () => {
  const { memory } = await settled();
  const before = memory.record;
  const outcome = await memory.replica({ fields: otherFields }, { replica: 'replica-2' }).pass();
  expect(outcome).toMatchObject({ did: 'republished', next: 'rotate' });
  const { credential, published_at, rotate_at, schedule, generation } = before;
  expect(memory.record).toMatchObject({ credential, published_at, rotate_at, schedule, generation, by: 'replica-2' });
  expect(memory.record.fields).toEqual(otherFields);
  expect(memory.secret).toMatchObject({ KEY: `key=${credential?.access_key_id}` });
  const about = { ...names, generation: 1, version: 2, credentialId: 'id-1', accessKeyId: credential?.access_key_id };
  expect(memory.events).toEqual([{ event: 'secret.republished', ...about }]);
  expect(memory.annotations).toHaveLength(2);
});

test('a republish takes a changed schedule in too, so that consumers restart once', async () => {
  const { memory } = await settled();
  await memory.replica({ fields: otherFields, rotate: otherRotate }).pass();
  expect(memory.record).toMatchObject({ schedule: scheduleText(otherRotate), rotate_at: iso(NOW + 20 * DAY) });
});

test('nothing is published to a new endpoint where the secret does not work', async () => {
  const { memory } = await settled();
  memory.verdict = { accepted: false, why: 'denied', detail: 'AccessDenied' };
  const outcome = await memory.replica({ fields: otherFields }).pass();
  expect(outcome.trouble).toMatchObject({ kind: 'failed', code: 'verification-failed' });
  expect(memory.versions).toHaveLength(1);
});

test('the secret is verified at the new endpoint, with the buckets of the policy', async () => {
  const { memory, replica } = await settled();
  const [site] = replica.world.sites.values();
  const target = { endpoint: 'https://new.example.net', region: 'new' };
  const asked: unknown[] = [];
  const { probe } = memory.verifier;
  memory.verifier.probe = (pair, at, buckets) => {
    asked.push([at, buckets]);
    return probe(pair, at, buckets);
  };
  const verify = { timeoutMs: 1000, successes: 1, buckets: ['invoices'] };
  await memory.replica({ verify }, { sites: new Map(site && [['sto1', { ...site, target }]]) }).pass();
  expect(asked).toEqual([[target, ['invoices']]]);
  expect(memory.record).toMatchObject(target);
  expect(memory.secret['endpoint']).toBe(target.endpoint);
});

test('a changed schedule enters the record alone: the secret stays as it is', async () => {
  const { memory } = await settled();
  const { rekeyd: _, ...before } = memory.secret;
  const outcome = await memory.replica({ rotate: otherRotate }, { replica: 'replica-2' }).pass();
  expect(outcome).toMatchObject({ did: 'rescheduled', nextAt: NOW + 20 * DAY });
  const { rekeyd: __, ...after } = memory.secret;
  expect(after).toEqual(before);
  expect(memory.record).toMatchObject({ by: 'replica-2', schedule: scheduleText(otherRotate) });
  expect(memory.events).toEqual([
    {
      event: 'schedule.changed',
      ...names,
      generation: 1,
      version: 2,
      credentialId: 'id-1',
      accessKeyId: memory.record.credential?.access_key_id,
      rotateAt: NOW + 20 * DAY,
    },
  ]);
});

test('a schedule that makes it overdue is spread by its own generation, the same on every replica', async () => {
  const due = async (generation: number) => {
    const { memory } = await settled();
    memory.put({ ...memory.secret, rekeyd: JSON.stringify({ ...memory.record, generation }) });
    memory.clock.advance(25 * DAY);
    await memory.replica({ rotate: otherRotate }).pass();
    return Date.parse(memory.record.rotate_at) - memory.clock.now();
  };
  const [one, same, other] = [await due(1), await due(1), await due(2)];
  expect(one).toBeGreaterThan(0);
  expect(one).toBeLessThan(DAY);
  expect(same).toBe(one);
  expect(other).not.toBe(one);
});

test.each([
  ['republish', { fields: otherFields }],
  ['reschedule', { rotate: otherRotate }],
  ['adopt', { adopt: true }],
] as const)('%s needs a store that keeps what is written', async (what, change: Partial<ApplicationPolicy>) => {
  const { memory } = what === 'adopt' ? handMade() : await settled();
  memory.standing = { mount: 'kv-v1' };
  const versions = memory.versions.length;
  const outcome = await memory.replica(change).pass();
  expect(outcome).toMatchObject({ did: 'nothing', trouble: { kind: 'blocked', code: 'mount-not-kv2' } });
  expect(memory.versions).toHaveLength(versions);
});

test('a hand-made secret is taken over with a record that says what it is', async () => {
  const { memory, made } = handMade();
  const outcome = await memory.replica({ adopt: true }).pass();
  expect(outcome).toMatchObject({ did: 'adopted', next: 'rotate' });
  expect(memory.secret).toMatchObject({ access_key_id: made.accessKeyId, note: 'ask Anna', endpoint: TARGET.endpoint });
  expect(memory.record).toMatchObject({
    v: 1,
    owner: 'acme',
    application: 'billing',
    place: PLACE,
    generation: 1,
    by: 'replica-1',
    credential: { id: made.id, access_key_id: made.accessKeyId, instance: INSTANCE, adopted: true },
    published_at: iso(NOW + HOUR),
    superseded: [],
  });
  expect(memory.record.credential?.issued_at).toBe(iso(NOW + HOUR));
  const rotateAt = Date.parse(memory.record.rotate_at);
  expect(rotateAt).toBe(NOW + HOUR + 30 * DAY);
  const about = { ...names, generation: 1, version: 2, credentialId: made.id, accessKeyId: made.accessKeyId };
  expect(memory.events).toEqual([{ event: 'credential.adopted', ...about }]);
});

test('an adopted key is as old as the issuer says', async () => {
  const { memory, made } = handMade();
  memory.issuer.made.set(made.id, { ...made, createdAt: NOW - 700 * DAY });
  await memory.replica({ adopt: true }).pass();
  expect(memory.record.credential?.issued_at).toBe(iso(NOW - 700 * DAY));
});

test('a key with our own marker is simply ours again: its generation, its age, and no stranger', async () => {
  const { memory, made } = handMade(marked(1, 5, DAY).description);
  await memory.replica({ adopt: true }).pass();
  expect(memory.record).toMatchObject({ generation: 5, credential: { id: made.id, issued_at: iso(NOW - DAY) } });
  expect(memory.record.credential).not.toHaveProperty('adopted');
  expect(memory.record.superseded).toEqual([]);
});

test('an adoption counts on from the strays it enters, which get their grace', async () => {
  const { memory, made } = handMade();
  memory.issuer.make(marked(2, 6, DAY).description);
  await memory.replica({ adopt: true }).pass();
  expect(memory.record).toMatchObject({ generation: 7, credential: { id: made.id } });
  expect(memory.record.superseded).toMatchObject([
    { id: 'id-2', instance: INSTANCE, revoke_at: iso(NOW + HOUR + DAY), why: 'stray' },
  ]);
});

test('a hand-made secret that S3 refuses is not taken over', async () => {
  const { memory } = handMade();
  memory.verdict = { accepted: false, why: 'wrong-signature', detail: 'SignatureDoesNotMatch' };
  expect((await memory.replica({ adopt: true }).pass()).trouble).toMatchObject({ code: 'verification-failed' });
  expect(memory.versions).toHaveLength(1);
});

test('a rename takes the record over with all it superseded, and its key for good', async () => {
  const { memory, replica } = await settled();
  await replica.pass({ rotate: true, despite: [] });
  const before = memory.record;
  memory.put({ ...memory.secret, rekeyd: JSON.stringify({ ...before, application: 'old', colour: 'blue' }) });
  memory.clock.advance(HOUR);
  const adopt = { owner: 'acme', application: 'old' };
  expect((await memory.replica({ adopt }, { replica: 'replica-2' }).pass()).did).toBe('adopted');
  expect(memory.record).toMatchObject({
    application: 'billing',
    generation: 2,
    by: 'replica-2',
    colour: 'blue',
    credential: { ...before.credential, adopted: true },
    superseded: before.superseded,
    published_at: before.published_at,
    rotate_at: before.rotate_at,
  });
});

test('a write that another one overtook is not sent again with a newer version', async () => {
  const { memory } = await settled();
  const { write } = memory.store;
  let sent = 0;
  memory.store.write = (...args) => {
    sent += 1;
    memory.put({ ...memory.secret, note: 'by hand' });
    return write(...args);
  };
  const outcome = await memory.replica({ fields: otherFields }).pass();
  expect(outcome.trouble).toMatchObject({ kind: 'failed', code: 'conflict' });
  expect(sent).toBe(1);
  expect(memory.record.fields).toEqual(FIELDS);
});

test('a mirror that fails fails no republish either', async () => {
  const { memory } = await settled();
  memory.store.annotate = () => Promise.reject(failure('rejected', 'denied'));
  expect((await memory.replica({ fields: otherFields }).pass()).did).toBe('republished');
  expect(memory.told('mirror.failed')).toMatchObject([{ ...names, issuer: 'sto1', generation: 1, version: 2 }]);
});

test('a republish leaves the time of the next rotation as it stands where the schedule is the same', async () => {
  const { memory } = await settled();
  const rotate_at = iso(NOW + 7 * DAY);
  memory.put({ ...memory.secret, rekeyd: JSON.stringify({ ...memory.record, rotate_at }) });
  memory.clock.advance(HOUR);
  expect((await memory.replica({ fields: otherFields }).pass()).did).toBe('republished');
  expect(memory.record.rotate_at).toBe(rotate_at);
});

test('a rename and a rotation go on writing a field that only the record still has', async () => {
  const { memory } = await settled();
  await memory.replica({ fields: otherFields }).pass();
  memory.clock.advance(HOUR);
  memory.put({ ...memory.secret, rekeyd: JSON.stringify({ ...memory.record, application: 'old' }) });
  memory.clock.advance(HOUR);
  const renamed = memory.replica({ adopt: { owner: 'acme', application: 'old' } });
  expect((await renamed.pass()).did).toBe('adopted');
  expect(memory.secret['KEY']).toBe(`key=${memory.record.credential?.access_key_id}`);
  expect((await renamed.pass({ rotate: true, despite: [] })).did).toBe('rotated');
  expect(memory.secret['KEY']).toBe(`key=${memory.record.credential?.access_key_id}`);
  expect(memory.record.credential?.id).toBe('id-2');
});

test('an adopted key and a new one get the jitter of their own generation', async () => {
  const rotate = { everyMs: 30 * DAY, timezone: 'UTC', jitterMs: DAY };
  const { memory } = handMade();
  const replica = memory.replica({ adopt: true, rotate });
  const dueOf = (generation: number) => {
    return iso(rotateAt(rotate, memory.clock.now(), { owner: 'acme', application: 'billing', generation }));
  };
  await replica.pass();
  expect(memory.record.rotate_at).toBe(dueOf(1));
  await replica.pass({ rotate: true, despite: [] });
  expect(memory.record.rotate_at).toBe(dueOf(2));
});
