import { expect, test } from 'vitest';
import { Secret } from '../../src/policy/secret.ts';
import { parseMarker } from '../../src/rotation/marker.ts';
import { iso } from '../../src/rotation/record.ts';
import { ASKED, failure, Memory, PATH, settled } from './memory.ts';
import { DAY, FIELDS, HOUR, INSTANCE, NOW, PLACE, TARGET } from './scene.ts';

const names = { application: 'billing', issuer: 'sto1', instance: INSTANCE };

test('the first publish writes exactly what consumers and every later pass rely on', async () => {
  const memory = new Memory();
  memory.put({ note: 'of somebody else' });
  memory.clock.advance(HOUR);
  await memory.replica().pass();
  const [id = ''] = memory.live;
  const accessKeyId = `AK-${INSTANCE}-1`;
  const { rekeyd: _, ...fields } = memory.secret;
  expect(fields).toEqual({
    note: 'of somebody else',
    access_key_id: accessKeyId,
    secret_access_key: `secret of ${accessKeyId}`,
    endpoint: TARGET.endpoint,
  });
  expect(memory.record).toMatchObject({
    v: 1,
    owner: 'acme',
    application: 'billing',
    place: PLACE,
    generation: 1,
    by: 'replica-1',
    credential: { id, access_key_id: accessKeyId, instance: INSTANCE, issued_at: iso(NOW + HOUR) },
    published_at: iso(NOW + HOUR),
    rotate_at: iso(NOW + HOUR + 30 * DAY),
    fields: FIELDS,
    ...TARGET,
    superseded: [],
  });
  expect(memory.record.credential).not.toHaveProperty('adopted');
});

test('the marker of a candidate says whose it is, of which generation, and when its attempt began', async () => {
  const { memory, replica } = await settled();
  await replica.pass(ASKED);
  const description = [...memory.issuer.made.values()].at(-1)?.description ?? '';
  expect(parseMarker(description)).toEqual({
    owner: 'acme',
    application: 'billing',
    generation: 2,
    place: PLACE,
    attemptedAt: NOW + DAY,
    nonce: 'abababab',
  });
});

test('each step of a rotation is told with what it was about and how long it took', async () => {
  const { memory, replica } = await settled();
  const before = memory.record.credential;
  const { issue } = memory.issuer;
  memory.issuer.issue = (description) => {
    memory.clock.advance(1000);
    return issue(description);
  };
  const { write } = memory.store;
  memory.store.write = (...args) => {
    memory.clock.advance(3000);
    return write(...args);
  };
  const { probe } = memory.verifier;
  memory.verifier.probe = (...args) => {
    memory.clock.advance(1000);
    return probe(...args);
  };
  await replica.pass(ASKED);
  const { credential, rotate_at, superseded } = memory.record;
  const about = { ...names, generation: 2, why: 'requested' };
  const candidate = { ...about, credentialId: credential?.id, accessKeyId: credential?.access_key_id };
  expect(memory.events).toEqual([
    { ...about, event: 'rotation.started' },
    { ...candidate, event: 'credential.issued', step: 'issue', durationMs: 1000 },
    { ...candidate, event: 'credential.verified', step: 'verify', durationMs: 2000 },
    { ...candidate, event: 'credential.published', step: 'publish', version: 2, durationMs: 3000 },
    {
      ...names,
      event: 'credential.superseded',
      generation: 1,
      why: 'rotated',
      credentialId: before?.id,
      accessKeyId: before?.access_key_id,
      revokeAt: Date.parse(superseded[0]?.revoke_at ?? ''),
    },
    { ...about, event: 'credential.read_back', step: 'read_back', version: 2, durationMs: 0 },
    { ...candidate, event: 'rotation.done', version: 2, rotateAt: Date.parse(rotate_at), durationMs: 6000 },
  ]);
});

test('a grace starts when the publish is sent, not when the attempt began', async () => {
  const { memory, replica } = await settled();
  const { issue } = memory.issuer;
  memory.issuer.issue = (description) => {
    memory.clock.advance(30_000);
    return issue(description);
  };
  await replica.pass(ASKED);
  expect(memory.record.published_at).toBe(iso(memory.clock.now()));
  expect(memory.record.superseded).toMatchObject([{ revoke_at: iso(memory.clock.now() + DAY) }]);
});

test('a gone credential is told as the outage it is, by the generation that is gone', async () => {
  const { memory, replica } = await settled();
  const gone = memory.record.credential;
  memory.issuer.made.clear();
  await replica.pass();
  expect(memory.told('credential.gone')).toEqual([
    {
      ...names,
      event: 'credential.gone',
      generation: 1,
      why: 'gone',
      credentialId: gone?.id,
      accessKeyId: gone?.access_key_id,
    },
  ]);
  await replica.pass(ASKED);
  expect(memory.told('credential.gone')).toHaveLength(1);
  expect(memory.told('credential.superseded')).toHaveLength(1);
});

test('an expired secret and a new path have nothing that is gone', async () => {
  const { memory, replica } = await settled();
  memory.lifetimeMs = 3 * DAY;
  await replica.pass(ASKED);
  memory.clock.advance(3 * DAY);
  expect((await replica.pass()).did).toBe('rotated');
  expect(memory.told('credential.gone')).toEqual([]);
});

test.each([
  ['id', { id: 'id-1' }],
  ['access key', { accessKeyId: `AK-${INSTANCE}-1` }],
])(
  'an answer to an issue with the %s of a listed credential is left alone: nothing is revoked or published',
  async (_, same) => {
    const { memory, replica } = await settled();
    const { issue } = memory.issuer;
    memory.issuer.issue = async (description) => ({ ...(await issue(description)), ...same });
    const outcome = await replica.pass(ASKED);
    expect(outcome.trouble).toMatchObject({ code: 'issuer-bad-answer' });
    expect(outcome.trouble?.reason).toContain(INSTANCE);
    expect(memory.told('candidate.left')).toMatchObject([
      { code: 'issuer-bad-answer', remedy: expect.stringMatching(/\w/) },
    ]);
    expect(memory.issuer.revoked).toEqual([]);
    expect(memory.record.generation).toBe(1);
    expect(memory.told('credential.issued')).toEqual([]);
  },
);

test('an issuer that changes descriptions is left alone by this process from then on', async () => {
  const { memory, replica } = await settled();
  const { issue } = memory.issuer;
  memory.issuer.issue = async (description) => ({ ...(await issue(description)), description: 'changed' });
  const { trouble } = await replica.pass(ASKED);
  expect(trouble).toMatchObject({ kind: 'failed', code: 'description-changed' });
  expect(trouble?.reason).toContain(INSTANCE);
  expect(trouble?.remedy).toMatch(/\w{3}/);
  expect(memory.told('candidate.left')).toMatchObject([{ credentialId: 'id-2', code: 'description-changed' }]);
  const again = await replica.pass(ASKED);
  expect(again.trouble).toMatchObject({ kind: 'blocked', code: 'issuer-distrusted' });
  expect(again.trouble?.reason).toMatch(/\w{3}/);
  expect(memory.issuer.revoked).toEqual([]);
  expect(memory.live).toHaveLength(2);
});

test('a candidate that never works is taken back, and not by anything else', async () => {
  const { memory, replica } = await settled();
  memory.verdict = { accepted: false, why: 'denied', detail: 'AccessDenied' };
  const { trouble } = await replica.pass(ASKED);
  expect(trouble).toMatchObject({ kind: 'failed', code: 'verification-failed' });
  expect(memory.issuer.revoked).toEqual(['id-2']);
  expect(memory.told('candidate.revoked')).toMatchObject([{ ...names, generation: 2, credentialId: 'id-2' }]);
  expect(memory.versions).toHaveLength(1);
});

test('candidates that could not be taken back count while no list shows them', async () => {
  const { memory, replica } = await settled();
  const { list, revoke } = memory.issuer;
  memory.issuer.list = async () => (await list()).slice(0, 1);
  memory.issuer.revoke = () => Promise.reject(failure('ambiguous', 'issuer-unanswered'));
  memory.verdict = { accepted: false, why: 'denied', detail: 'AccessDenied' };
  for (let attempt = 0; attempt < 2; attempt += 1) await replica.pass(ASKED);
  expect(memory.told('candidate.left')).toMatchObject([
    { ...names, credentialId: 'id-2', code: 'issuer-unanswered', reason: expect.stringMatching(/\w/) },
    { credentialId: 'id-3' },
  ]);
  expect((await replica.pass(ASKED)).trouble).toMatchObject({ kind: 'blocked', code: 'strays-waiting' });
  memory.issuer.revoke = revoke;
  memory.clock.advance(DAY + 1);
  memory.verdict = undefined;
  expect((await replica.pass(ASKED)).did).toBe('rotated');
});

test('a publish without an answer leaves its candidate alone, and says so', async () => {
  const { memory, replica } = await settled();
  memory.store.write = () => Promise.reject(failure('ambiguous', 'vault-unanswered'));
  expect((await replica.pass(ASKED)).trouble).toMatchObject({ kind: 'failed', code: 'vault-unanswered' });
  expect(memory.told('publish.unconfirmed')).toMatchObject([
    { ...names, generation: 2, credentialId: 'id-2', code: 'vault-unanswered', remedy: 'mend it' },
  ]);
  expect(memory.issuer.revoked).toEqual([]);
  expect(memory.clock.slept).toEqual([]);
});

test('candidates whose publish got no answer count while no list shows them', async () => {
  const { memory, replica } = await settled();
  const { list } = memory.issuer;
  memory.issuer.list = async () => (await list()).slice(0, 1);
  memory.store.write = () => Promise.reject(failure('ambiguous', 'vault-unanswered'));
  for (let attempt = 0; attempt < 5; attempt += 1) await replica.pass(ASKED);
  expect(memory.live).toHaveLength(3);
});

test('only what was certainly not done is sent again, with growing pauses, four times in all', async () => {
  const { memory, replica } = await settled();
  const versions: number[] = [];
  memory.store.write = async (_, __, version) => {
    versions.push(version);
    throw failure('unavailable', 'vault-sealed');
  };
  expect((await replica.pass(ASKED)).trouble).toMatchObject({ code: 'vault-sealed' });
  expect(versions).toEqual([1, 1, 1, 1]);
  expect(memory.clock.slept).toEqual([1000, 3000, 9000]);
});

test('a publish that would be too late after its pause is not waited for', async () => {
  const { memory, replica } = await settled();
  let sent = 0;
  memory.store.write = async () => {
    sent += 1;
    memory.clock.advance(179_000);
    throw failure('unavailable', 'vault-sealed');
  };
  expect((await replica.pass(ASKED)).trouble).toMatchObject({ code: 'vault-sealed' });
  expect(sent).toBe(1);
  expect(memory.clock.slept).toEqual([]);
});

test('an attempt that took as long as one may last sends nothing any more, and says why', async () => {
  const { memory, replica } = await settled();
  const { issue } = memory.issuer;
  let took = 180_000;
  memory.issuer.issue = (description) => {
    memory.clock.advance(took);
    return issue(description);
  };
  const { trouble } = await replica.pass(ASKED);
  expect(trouble).toMatchObject({ kind: 'failed', code: 'attempt-too-long' });
  expect(trouble?.reason).toContain('billing');
  expect(trouble?.remedy).toMatch(/\w{3}/);
  expect(memory.versions).toHaveLength(1);
  expect(memory.issuer.revoked).toEqual([]);
  expect(memory.told('candidate.left')).toHaveLength(1);
  expect(memory.told('publish.unconfirmed')).toEqual([]);
  took = 179_999;
  expect((await replica.pass(ASKED)).did).toBe('rotated');
});

test('nothing is issued for a record that nobody could read again', async () => {
  const { memory } = await settled();
  const { trouble } = await memory.replica({}, { replica: 'a name with\u0007 a bell' }).pass(ASKED);
  expect(trouble).toMatchObject({ kind: 'failed', code: 'record-unwritable' });
  expect(memory.told('credential.issued')).toEqual([]);
});

test('any version but the very next one is no confirmation, and the candidate is left alone', async () => {
  const { memory, replica } = await settled();
  const { write } = memory.store;
  memory.store.write = async (...args) => ({ ...(await write(...args)), version: 7 });
  const { trouble } = await replica.pass(ASKED);
  expect(trouble).toMatchObject({ kind: 'failed', code: 'publish-unconfirmed' });
  expect(trouble?.reason).toMatch(/2.*7/s);
  expect(trouble?.remedy).toMatch(/\w{3}/);
  expect(memory.told('publish.unconfirmed')).toHaveLength(1);
  expect(memory.issuer.revoked).toEqual([]);
});

test('what reads back otherwise is told by its version and stays published', async () => {
  const { memory, replica } = await settled();
  const { read } = memory.store;
  memory.store.read = async (path) => {
    const stored = await read(path);
    if (stored.state !== 'present' || stored.version < 2) return stored;
    return { ...stored, data: new Secret({ ...stored.data.reveal(), endpoint: 'elsewhere' }) };
  };
  const outcome = await replica.pass(ASKED);
  expect(outcome).toMatchObject({ did: 'rotated', notices: [{ code: 'read-back-differs' }] });
  expect(memory.told('read_back.differs')).toMatchObject([
    { ...names, generation: 2, version: 2, code: 'read-back-differs' },
  ]);
  expect(memory.told('credential.read_back')).toEqual([]);
});

test('an issue that failed takes no place of the quota any more once a newer list is there', async () => {
  const { memory, replica } = await settled();
  const { issue } = memory.issuer;
  memory.issuer.issue = () => Promise.reject(failure('rejected', 'quota-full'));
  await replica.pass(ASKED);
  memory.issuer.issue = issue;
  const list = await replica.world.lists.after(INSTANCE, replica.world.lists.mark());
  expect(replica.world.lists.issuedSince(list)).toBe(0);
});

test('the mirror for people follows, and where it cannot be written that is told and nothing fails', async () => {
  const { memory, replica } = await settled();
  await replica.pass(ASKED);
  const { credential, published_at, rotate_at } = memory.record;
  expect(memory.annotations.at(-1)).toEqual({
    rekeyd_application: 'acme/billing',
    rekeyd_generation: '2',
    rekeyd_access_key_id: credential?.access_key_id,
    rekeyd_published_at: published_at,
    rekeyd_rotate_at: rotate_at,
  });
  memory.store.annotate = (path) => Promise.reject(failure('rejected', `denied-${path}`));
  expect((await replica.pass(ASKED)).did).toBe('rotated');
  const about = { ...names, generation: 3, version: 3, code: `denied-${PATH}` };
  expect(memory.told('mirror.failed')).toMatchObject([{ ...about, remedy: 'mend it' }]);
});

test('where the clocks disagree the earlier one dates the schedule, and the later one the grace', async () => {
  const { memory, replica } = await settled();
  memory.ahead = -2 * HOUR;
  await replica.pass(ASKED);
  expect(memory.record.published_at).toBe(iso(memory.clock.now() - 2 * HOUR));
  expect(memory.record.superseded).toMatchObject([{ revoke_at: iso(memory.clock.now() + DAY) }]);
  memory.ahead = 2 * HOUR;
  await replica.pass(ASKED);
  expect(memory.record.published_at).toBe(iso(memory.clock.now()));
  expect(memory.record.superseded[1]).toMatchObject({ revoke_at: iso(memory.clock.now() + 2 * HOUR + DAY) });
});

test('of what a publish supersedes, only what was current until then is told', async () => {
  const { memory, replica } = await settled();
  await replica.pass(ASKED);
  await replica.pass(ASKED);
  expect(memory.record.superseded.map(({ id }) => id)).toEqual(['id-1', 'id-2']);
  expect(memory.told('credential.superseded').map(({ credentialId }) => credentialId)).toEqual(['id-1', 'id-2']);
});

test('an adopted key that is superseded is told without a date: only a person revokes it', async () => {
  const { memory, replica } = await settled();
  const credential = { ...memory.record.credential, adopted: true };
  memory.put({ ...memory.secret, rekeyd: JSON.stringify({ ...memory.record, credential }) });
  await replica.pass(ASKED);
  expect(memory.told('credential.superseded')).toMatchObject([
    { credentialId: 'id-1', why: 'adopted', revokeAt: null },
  ]);
});

test('a retired application that is put back into service is published again', async () => {
  const { memory, replica } = await settled();
  memory.put({ ...memory.secret, rekeyd: JSON.stringify({ ...memory.record, credential: null }) });
  const outcome = await replica.pass({ rotate: true, despite: ['retired'] });
  expect(outcome).toMatchObject({ did: 'rotated', view: { generation: 2 } });
  expect(memory.told('credential.superseded')).toEqual([]);
});
