import { expect, test } from 'vitest';
import { observe, read } from '../../src/rotation/observe.ts';
import { iso } from '../../src/rotation/record.ts';
import { ASKED, failure, Memory, settled } from './memory.ts';
import { DAY, HOUR, INSTANCE } from './scene.ts';

/** A settled application whose credential the list does not show. */
async function unlisted() {
  const { memory, replica } = await settled();
  memory.issuer.list = async () => [];
  return { memory, replica };
}

test('a credential that is neither listed nor known to S3 is gone, and is replaced though it is not due', async () => {
  const { memory, replica } = await settled();
  memory.issuer.made.clear();
  expect((await replica.pass()).did).toBe('rotated');
  expect(memory.record.generation).toBe(2);
});

test('a credential that S3 accepts is not gone, whatever the list lacks', async () => {
  const { memory, replica } = await unlisted();
  const outcome = await replica.pass();
  expect(outcome).toMatchObject({ did: 'nothing', notices: [{ code: 'list-distrusted' }] });
  expect(memory.record.generation).toBe(1);
});

test('a listed credential is not tried: S3 is asked only where the list lacks it', async () => {
  const { memory, replica } = await settled();
  memory.probes = 0;
  await replica.pass();
  expect(memory.probes).toBe(0);
});

test.each([
  ['S3 refuses the signature', { accepted: false, why: 'wrong-signature', detail: 'SignatureDoesNotMatch' }],
  ['S3 denies it', { accepted: false, why: 'denied', detail: 'AccessDenied' }],
  ['S3 gives no answer', failure('ambiguous', 's3-unanswered')],
] as const)('whether a missing credential lives is unknown where %s; nothing is issued', async (_, verdict) => {
  const { memory, replica } = await unlisted();
  memory.verdict = verdict;
  const outcome = await replica.pass();
  expect(outcome).toMatchObject({ did: 'nothing', notices: [{ code: 'current-uncertain' }] });
  expect(outcome.notices[0]?.reason).toContain('detail' in verdict ? verdict.detail : 's3-unanswered');
  expect(memory.record.generation).toBe(1);
});

test('an edited secret proves nothing of a missing credential', async () => {
  const { memory, replica } = await unlisted();
  memory.put({ ...memory.secret, secret_access_key: 'edited' });
  const outcome = await replica.pass();
  expect(outcome.trouble?.code).toBe('edited');
  expect(outcome.notices).toMatchObject([{ code: 'current-uncertain', reason: expect.stringContaining('edited') }]);
  memory.put({ ...memory.secret, secret_access_key: 5 });
  expect((await replica.pass()).notices.map(({ code }) => code)).toEqual(['current-uncertain']);
});

test('the secret is tried where the record says it works, not where the policy says', async () => {
  const { memory, replica } = await settled();
  const [site] = replica.world.sites.values();
  const target = { endpoint: 'https://new.example.net', region: 'new' };
  const moved = memory.replica({}, { sites: new Map(site && [['sto1', { ...site, target }]]) });
  memory.issuer.list = async () => [];
  const targets: unknown[] = [];
  const { probe } = memory.verifier;
  memory.verifier.probe = (pair, at, buckets) => {
    targets.push(at, buckets);
    return probe(pair, at, buckets);
  };
  await moved.pass();
  expect(targets).toEqual([{ endpoint: memory.record.endpoint, region: memory.record.region }, []]);
});

test('superseded credentials are looked for at their own instance, and only where an issuer of the policy names it', async () => {
  const { memory, replica } = await settled();
  const entry = { id: 'id-6', access_key_id: 'AK6', revoke_at: iso(memory.clock.now() - HOUR), why: 'rotated' };
  const superseded = [
    { ...entry, instance: 'os-old' },
    { ...entry, instance: 'os-nobodys' },
  ];
  memory.put({ ...memory.secret, rekeyd: JSON.stringify({ ...memory.record, superseded }) });
  const outcome = await replica.pass();
  expect(memory.other.lists).toBe(1);
  expect(outcome.trouble).toBeUndefined();
  expect(outcome.view?.superseded).toMatchObject([{ instance: 'os-nobodys', revokeAt: memory.clock.now() - HOUR }]);
  expect(outcome.notices.map(({ code }) => code)).toEqual(['instance-unnamed']);
});

test('another instance that cannot be listed holds up nothing, and settles nothing', async () => {
  const { memory, replica } = await settled();
  const entry = { id: 'id-6', access_key_id: 'AK6', instance: 'os-old', revoke_at: iso(0), why: 'rotated' };
  memory.put({ ...memory.secret, rekeyd: JSON.stringify({ ...memory.record, superseded: [entry] }) });
  memory.other.list = () => Promise.reject(failure('unavailable', 'issuer-unreachable'));
  const outcome = await replica.pass(ASKED);
  expect(outcome.did).toBe('rotated');
  expect(memory.record.superseded).toMatchObject([{ id: 'id-6' }, { id: 'id-1' }]);
});

test('its own instance that cannot be listed is a failure of the look', async () => {
  const { memory, replica } = await settled();
  memory.issuer.list = () => Promise.reject(failure('unavailable', 'issuer-unreachable'));
  expect((await replica.pass()).trouble).toMatchObject({ kind: 'failed', code: 'issuer-unreachable' });
});

test('a record whose credential lives where nobody can list it says that', async () => {
  const { memory, replica } = await settled();
  const credential = { ...memory.record.credential, instance: 'os-nobodys' };
  memory.put({ ...memory.secret, rekeyd: JSON.stringify({ ...memory.record, credential }) });
  const outcome = await replica.pass();
  expect(outcome.trouble?.code).toBe('instance-changed');
  expect(outcome.notices[0]?.reason).toContain('os-nobodys');
});

test('a retired record is looked at like any other', async () => {
  const { memory, replica } = await settled();
  memory.put({ ...memory.secret, rekeyd: JSON.stringify({ ...memory.record, credential: null }) });
  const outcome = await replica.pass();
  expect(outcome).toMatchObject({ trouble: { code: 'retired' }, notices: [], view: { generation: 1 } });
  expect(outcome.view).not.toHaveProperty('current');
  expect(outcome.view).not.toHaveProperty('rotateAt');
});

test('right before acting Vault is asked anew which cluster it is, and a mere look may answer from memory', async () => {
  const { memory, replica } = await settled();
  const asked: (boolean | undefined)[] = [];
  const { place } = memory.store;
  memory.store.place = (path, anew) => {
    asked.push(anew);
    return place(path, anew);
  };
  await replica.rotator.survey(['billing'], async () => {});
  await replica.rotator.examine('billing');
  expect(asked).toEqual([false, false]);
  await replica.pass();
  expect(asked).toEqual([false, false, true]);
});

test('a list that was had before the record was written shows nothing of it', async () => {
  const { memory, replica } = await settled();
  const lists = memory.issuer.lists;
  await replica.pass(ASKED);
  memory.clock.advance(DAY + 1);
  expect((await replica.pass()).did).toBe('revoked');
  expect(memory.issuer.lists).toBeGreaterThan(lists);
  expect(memory.live).toEqual(['id-2']);
  expect(memory.record.credential).toMatchObject({ id: 'id-2', instance: INSTANCE });
});

test('a look says how the current credential stands', async () => {
  const { memory, replica } = await settled();
  const [application] = replica.world.applications.values();
  const standing = async () => {
    if (!application) throw new Error('there is one application');
    return (await observe(await read(application, replica.world, false), replica.world)).current;
  };
  expect(await standing()).toEqual({ is: 'listed' });
  memory.put({ note: 'no record' });
  expect(await standing()).toEqual({ is: 'none' });
  memory.versions.length = 0;
  expect(await standing()).toEqual({ is: 'none' });
});

test('a path without a secret is seen as one where nothing can be taken over', async () => {
  const outcome = await new Memory().replica({ adopt: true }).pass();
  expect(outcome.trouble).toMatchObject({ kind: 'refused', code: 'not-adoptable' });
});

test('a credential that moved is looked for at its own instance', async () => {
  const { memory, replica } = await settled();
  const [made] = memory.issuer.made.values();
  if (made) memory.other.made.set(made.id, made);
  const credential = { ...memory.record.credential, instance: 'os-old' };
  memory.put({ ...memory.secret, rekeyd: JSON.stringify({ ...memory.record, credential }) });
  expect(await replica.pass()).toMatchObject({ trouble: { code: 'instance-changed' }, notices: [] });
});
