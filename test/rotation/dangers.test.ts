import { afterEach, beforeEach, expect, test } from 'vitest';
import { PortError } from '../../src/rotation/errors.ts';
import type { Issuer } from '../../src/rotation/ports.ts';
import { Scheduler } from '../../src/scheduler/scheduler.ts';
import { DAY, HOUR, type Replica, Stage, type StageOptions } from '../support/stage.ts';

/** Stories in which something reasonable would cost an application its access. */
let stage: Stage;
beforeEach(async () => {
  stage = await Stage.open();
});
afterEach(() => stage.close());

const WRITE = { method: 'PUT', path: '/v1/secret/data/' };
const CREATE = { method: 'POST', path: '/objectstorage/createcredential' };
const DELETE = { method: 'POST', path: '/objectstorage/deletecredential' };
const now = { rotate: true, despite: [] };

const billing = (more: NonNullable<StageOptions['applications']>[string]): StageOptions => ({
  applications: { billing: more },
});

/** The replica's issuer, to put something between. */
function issuerOf({ parts }: Replica): { -readonly [K in keyof Issuer]: Issuer[K] } {
  const site = parts.sites.get('sto1');
  if (!site) throw new Error('the stage has one issuer, sto1');
  return site.issuer;
}

function current(): { id: string; access_key_id: string } {
  const { credential } = stage.record();
  if (!credential) throw new Error('no current credential');
  return credential;
}

const isLive = (id: string) => stage.live().some((credential) => credential.id === id);

test('an API key that may not delete keeps neither a gone credential from being replaced nor an operator from rotating', async () => {
  const replica = stage.replica();
  await replica.settle();
  await replica.settle('billing', now);
  stage.clock.advance(DAY + HOUR);
  stage.glesys.faults.add({ ...DELETE, fault: 'status', status: 403 });
  const outcome = await replica.settle();
  expect(outcome.notices).toMatchObject([{ code: 'revocation-failed' }]);
  expect((await replica.settle('billing', now)).did).toBe('rotated');
  await stage.glesys.account.remove(stage.instance, current().id);
  stage.clock.advance(HOUR);
  await replica.settle();
  expect(stage.works()).toBe(true);
});

test('one credential that cannot be revoked keeps no other alive, and is tried again later', async () => {
  const replica = stage.replica();
  await replica.settle();
  await replica.settle('billing', now);
  await replica.settle('billing', now);
  stage.clock.advance(DAY + HOUR);
  stage.glesys.faults.add({ ...DELETE, fault: 'status', status: 500, times: 1 });
  await replica.settle();
  expect(stage.live()).toHaveLength(2);
  stage.clock.advance(HOUR);
  await replica.settle();
  expect(stage.live().map(({ id }) => id)).toEqual([current().id]);
});

test('an old key that somebody put back gets a whole grace when a person rotates over the edit', async () => {
  const replica = stage.replica();
  await replica.settle();
  const old = stage.secret() ?? {};
  await replica.settle('billing', now);
  const { access_key_id, secret_access_key } = old;
  stage.handWrite({ ...stage.secret(), access_key_id, secret_access_key });
  stage.clock.advance(5 * DAY);
  expect((await replica.settle()).trouble?.code).toBe('edited');
  await replica.settle('billing', { rotate: true, despite: ['edited'] });
  stage.clock.advance(DAY - HOUR);
  await replica.settle();
  expect(stage.live().map((credential) => credential.accessKeyId)).toContain(access_key_id);
  stage.clock.advance(2 * HOUR);
  await replica.settle();
  expect(stage.live().map((credential) => credential.accessKeyId)).not.toContain(access_key_id);
});

test('an answer to an issue that names a credential from before is not believed, and nothing is revoked', async () => {
  const replica = stage.replica();
  await replica.settle();
  const before = current();
  const issuer = issuerOf(replica);
  const { issue } = issuer;
  issuer.issue = async (description) => {
    const made = await issue(description);
    const other = stage.live().find(({ id }) => id === before.id);
    return { ...made, id: before.id, accessKeyId: before.access_key_id, description: other?.description ?? '' };
  };
  stage.clock.advance(30 * DAY);
  expect((await replica.pass()).trouble).toMatchObject({ code: 'issuer-bad-answer' });
  expect(stage.works()).toBe(true);
});

test('an issuer that changes descriptions is asked once, not until the instance is full', async () => {
  const replica = stage.replica();
  stage.glesys.account.rewriteDescription = (description) => description.slice(0, 20);
  for (let attempt = 0; attempt < 12; attempt += 1) {
    await replica.pass();
    stage.clock.advance(HOUR);
  }
  expect(stage.live()).toHaveLength(1);
  expect((await replica.pass()).trouble).toMatchObject({ kind: 'blocked', code: 'issuer-distrusted' });
});

test('a publish that wakes up after its time is not sent any more', async () => {
  const replica = stage.replica();
  await replica.settle();
  const before = current();
  stage.clock.advance(30 * DAY);
  const body = '{"errors":["Vault is sealed"]}';
  stage.vault.faults.add({ ...WRITE, fault: 'status', status: 503, body, times: 1 });
  const sleep = stage.clock.sleep.bind(stage.clock);
  stage.clock.sleep = (ms) => sleep(ms === 1000 ? 30 * HOUR : ms);
  expect((await replica.pass()).trouble).toMatchObject({ code: 'attempt-too-long' });
  expect(stage.record().generation).toBe(1);
  stage.clock.sleep = sleep;
  await replica.settle();
  expect(isLive(before.id)).toBe(true);
});

test('a key that consumers used until a publish gets its grace from that publish, however long it took to verify', async () => {
  await stage.close();
  const verify = { timeoutMs: HOUR, successes: 1, buckets: [] };
  stage = await Stage.open({ applications: { billing: { graceMs: HOUR, verify } } });
  const replica = stage.replica();
  await replica.settle();
  stage.vault.vault.kv2().config.deleteAfterMs = 10 * DAY;
  await replica.settle('billing', now);
  const previous = current();
  stage.clock.advance(11 * DAY);
  stage.keys.worksAfterMs = 50 * 60_000;
  await stage.replica('replica-2').settle();
  const entry = stage.record().superseded.find(({ id }) => id === previous.id);
  const grace = Date.parse(entry?.revoke_at ?? '') - Date.parse(stage.record().published_at);
  expect(grace).toBeGreaterThanOrEqual(HOUR);
});

test('a lifetime that the token may not see is learned from the first version that has it', async () => {
  const replica = stage.replica();
  await replica.settle();
  stage.vault.vault.kv2().config.deleteAfterMs = 10 * HOUR;
  const body = '{"errors":["permission denied"]}';
  for (const path of ['/v1/secret/config', '/v1/secret/metadata/']) {
    stage.vault.faults.add({ method: 'GET', path, fault: 'status', status: 403, body });
  }
  stage.clock.advance(30 * DAY);
  const outcome = await replica.settle();
  expect(outcome.trouble).toMatchObject({ code: 'lifetime-short' });
  expect(stage.record().generation).toBe(2);
  stage.clock.advance(10 * HOUR + 1000);
  await replica.settle();
  expect(stage.works()).toBe(true);
});

test('a fence does not shorten the life of a secret that the store would keep', async () => {
  const replica = stage.replica();
  await replica.settle();
  stage.glesys.faults.add({ ...CREATE, fault: 'drop_after', times: 1 });
  await replica.pass('billing', now);
  stage.vault.vault.kv2().config.deleteAfterMs = HOUR;
  stage.clock.advance(30 * 60_000);
  expect((await replica.settle()).trouble).toMatchObject({ kind: 'blocked', code: 'lifetime-short' });
  stage.clock.advance(2 * HOUR);
  expect(stage.works()).toBe(true);
});

test('an expired secret is replaced although four credentials live or adopt stands in the policy', async () => {
  const replica = stage.replica();
  await replica.settle();
  stage.vault.vault.kv2().config.deleteAfterMs = 3 * DAY;
  for (let rotation = 0; rotation < 3; rotation += 1) await replica.settle('billing', now);
  stage.clock.advance(3 * DAY + 1000);
  expect((await stage.replica('replica-2', billing({ adopt: true })).settle()).trouble).toBeUndefined();
  expect(stage.works()).toBe(true);
});

test('a first publish that arrives late does not look like a restored Vault', async () => {
  const replica = stage.replica();
  const { vault } = replica.parts;
  const write = vault.write.bind(vault);
  const late: (() => Promise<unknown>)[] = [];
  vault.write = async (...args) => {
    if (late.length >= 3) return write(...args);
    late.push(() => write(...args));
    const lost = { attempted: 'write', reason: 'no answer', remedy: '', concerns: 'server' } as const;
    throw new PortError({ kind: 'ambiguous', code: 'vault-unanswered', ...lost });
  };
  for (let attempt = 0; attempt < 3; attempt += 1) {
    await replica.pass();
    stage.clock.advance(15_000);
  }
  await late[0]?.();
  stage.clock.advance(HOUR);
  expect((await replica.settle()).trouble).toBeUndefined();
  stage.clock.advance(2 * DAY);
  await replica.settle();
  expect(stage.live().map(({ id }) => id)).toEqual([current().id]);
});

test('a renamed application whose key is gone is issued another', async () => {
  await stage.replica().settle();
  await stage.glesys.account.remove(stage.instance, current().id);
  const adopt = { owner: 'acme', application: 'billing' };
  const renamed = stage.replica('renamed', { applications: { invoices: { path: 'apps/billing', adopt } } });
  expect((await renamed.settle('invoices')).trouble).toBeUndefined();
  expect(stage.record()).toMatchObject({ application: 'invoices', generation: 2 });
  expect(stage.works()).toBe(true);
});

test.each([
  ['puts an old key back', (secret: Record<string, unknown>) => secret],
  [
    'sets a hold',
    () => ({
      rekeyd: JSON.stringify({ ...stage.record(), hold: { until: '2030-01-01T00:00:00Z', by: 'anna', why: 'now' } }),
    }),
  ],
])('between two revocations the record is read again: somebody %s', async (_, change) => {
  const replica = stage.replica();
  await replica.settle();
  await replica.settle('billing', now);
  const { access_key_id, secret_access_key } = stage.secret() ?? {};
  await replica.settle('billing', now);
  stage.clock.advance(2 * DAY);
  const issuer = issuerOf(replica);
  const { revoke } = issuer;
  issuer.revoke = async (id) => {
    await revoke(id);
    if (stage.live().length === 2)
      stage.handWrite({ ...stage.secret(), ...change({ access_key_id, secret_access_key }) });
  };
  await replica.pass();
  expect(stage.live()).toHaveLength(2);
  expect(stage.works()).toBe(true);
});

test('our clock stepping forward while the list is awaited revokes nothing', async () => {
  const replica = stage.replica();
  await replica.settle();
  await replica.settle('billing', now);
  const other = stage.replica('replica-2');
  const issuer = issuerOf(other);
  const { list } = issuer;
  issuer.list = async () => {
    const listed = await list();
    stage.clock.step(25 * HOUR);
    return listed;
  };
  expect((await other.pass()).did).toBe('nothing');
  expect(stage.live()).toHaveLength(2);
});

test('an address that leads to another Vault by now is noticed before anything is revoked', async () => {
  const replica = stage.replica();
  await replica.settle();
  await replica.settle('billing', now);
  stage.clock.advance(DAY - 60_000);
  await replica.pass();
  stage.clock.advance(61_000);
  stage.vault.vault.clusterId = '11111111-2222-3333-4444-555555555555';
  expect((await replica.pass()).trouble).toMatchObject({ code: 'copied' });
  expect(stage.live()).toHaveLength(2);
});

test('nothing is adopted in a namespace that does not show itself', async () => {
  const made = await stage.glesys.account.create(stage.instance, 'by hand');
  stage.handWrite({ access_key_id: made.accessKeyId, secret_access_key: made.secretAccessKey });
  const replica = stage.replica('replica-1', { ...billing({ adopt: true }), vault: { namespace: 'team-a' } });
  expect((await replica.settle()).trouble).toMatchObject({ kind: 'blocked', code: 'namespace-unproven' });
  expect(stage.secret()).not.toHaveProperty('rekeyd');
});

test('a fence by a replica with an older policy does not let it roll a newer one back', async () => {
  const fields = { access_key_id: '{access_key_id}', secret_access_key: '{secret_access_key}' };
  const older = stage.replica('older', billing({ fields: { ...fields, X: 'old' } }));
  await older.settle();
  stage.clock.advance(HOUR);
  await stage.replica('newer', billing({ fields: { ...fields, X: 'new' } })).settle();
  stage.clock.advance(HOUR);
  stage.glesys.faults.add({ ...CREATE, fault: 'drop_after', times: 1 });
  await older.pass('billing', now);
  stage.clock.advance(HOUR);
  const outcome = await older.settle();
  expect(stage.secret()?.['X']).toBe('new');
  expect(outcome.notices.map(({ code }) => code)).toContain('policies-disagree');
});

test('strays dated years ahead keep no gone credential from being replaced', async () => {
  const replica = stage.replica();
  await replica.settle();
  const far = stage.replica('far');
  const issuer = issuerOf(far);
  const { issue } = issuer;
  issuer.issue = (description) => issue(description.replace(/-[0-9a-f]{8}/, '-f0000000'));
  stage.glesys.faults.add({ ...CREATE, fault: 'drop_after', times: 2 });
  await far.pass('billing', now);
  await far.pass('billing', now);
  stage.glesys.faults.clear();
  await stage.glesys.account.remove(stage.instance, current().id);
  stage.clock.advance(HOUR);
  expect(await replica.settle()).toMatchObject({ did: 'rotated' });
  expect(stage.works()).toBe(true);
});

test('a survey sees a credential that went since the last one', async () => {
  const replica = stage.replica();
  await replica.settle();
  await replica.parts.rotator.survey(['billing'], async () => {});
  await stage.glesys.account.remove(stage.instance, current().id);
  stage.clock.advance(60_000);
  const [outcome] = await replica.parts.rotator.survey(['billing'], async () => {});
  expect(outcome?.next).toBe('issue generation 2 (gone)');
});

test('a clock a year ahead does not put the next rotation off by a year', async () => {
  stage.clock.step(365 * DAY);
  await stage.replica().settle();
  stage.clock.step(-365 * DAY);
  expect(Date.parse(stage.record().rotate_at)).toBeLessThanOrEqual(stage.clock.now() + 31 * DAY);
});

test('a rollback of an edit leaves the key that consumers used meanwhile a grace', async () => {
  const replica = stage.replica();
  await replica.settle();
  const { access_key_id, secret_access_key } = stage.secret() ?? {};
  await replica.settle('billing', now);
  const ours = stage.secret() ?? {};
  stage.handWrite({ ...ours, access_key_id, secret_access_key });
  stage.clock.advance(5 * DAY);
  expect((await replica.settle()).trouble?.code).toBe('edited');
  stage.handWrite(ours);
  stage.clock.advance(HOUR);
  expect((await replica.settle()).notices).toMatchObject([{ code: 'used-lately' }]);
  expect(stage.live().map((credential) => credential.accessKeyId)).toContain(access_key_id);
  stage.clock.advance(DAY);
  await replica.settle();
  expect(stage.live().map((credential) => credential.accessKeyId)).not.toContain(access_key_id);
});

test('a fence does not shorten the life of a secret that has days left', async () => {
  const replica = stage.replica();
  await replica.settle();
  const { config } = stage.vault.vault.kv2();
  config.deleteAfterMs = 10 * DAY;
  await replica.settle('billing', now);
  stage.glesys.faults.add({ ...CREATE, fault: 'drop_after', times: 1 });
  await replica.pass('billing', now);
  config.deleteAfterMs = 10 * HOUR;
  stage.clock.advance(HOUR);
  expect((await replica.settle()).trouble).toMatchObject({ code: 'lifetime-short' });
  stage.clock.advance(11 * HOUR);
  expect(stage.works()).toBe(true);
});

test('once a lifetime was removed, a new version is published before the old one is deleted', async () => {
  const replica = stage.replica();
  await replica.settle();
  const { config } = stage.vault.vault.kv2();
  config.deleteAfterMs = 10 * HOUR;
  const body = '{"errors":["permission denied"]}';
  for (const path of ['/v1/secret/config', '/v1/secret/metadata/']) {
    stage.vault.faults.add({ method: 'GET', path, fault: 'status', status: 403, body });
  }
  await replica.settle('billing', now);
  config.deleteAfterMs = 0;
  stage.vault.faults.clear();
  stage.clock.advance(9 * HOUR + 50 * 60_000);
  expect((await replica.settle()).did).toBe('rotated');
});

test('a list that does not show what is issued does not lead to issuing without bound', async () => {
  const replica = stage.replica();
  stage.glesys.account.credentials = () => [];
  stage.vault.faults.add({ ...WRITE, fault: 'drop_before' });
  for (let attempt = 0; attempt < 20; attempt += 1) {
    await replica.pass();
    stage.clock.advance(60_000);
  }
  expect(stage.eventNames().filter((name) => name === 'credential.issued')).toHaveLength(2);
});

test('processes one after another do not fill an instance that cuts descriptions', async () => {
  stage.glesys.account.rewriteDescription = (description) => description.slice(0, 20);
  for (let run = 0; run < 12; run += 1) {
    await stage.replica(`timer-${run}`).settle();
    stage.clock.advance(HOUR);
  }
  expect(stage.live()).toHaveLength(1);
});

test('an operator may replace a gone credential where the daemon would', async () => {
  const replica = stage.replica();
  await replica.settle();
  for (let rotation = 0; rotation < 3; rotation += 1) await replica.settle('billing', now);
  const { id } = current();
  const description = stage.live().at(-1)?.description ?? '';
  await stage.glesys.account.create(
    stage.instance,
    description.replace(/.$/, (last) => (last === '0' ? '1' : '0')),
  );
  await stage.glesys.account.remove(stage.instance, id);
  stage.clock.advance(HOUR - 1);
  expect((await stage.replica('replica-2').settle('billing', now)).trouble).toBeUndefined();
  expect(stage.works()).toBe(true);
});

test('strays that an adoption enters get their whole grace, however long it took to verify', async () => {
  await stage.close();
  const verify = { timeoutMs: HOUR, successes: 1, buckets: [] };
  stage = await Stage.open({ applications: { billing: { graceMs: HOUR, verify } } });
  await stage.replica().settle();
  const [previous] = stage.live();
  stage.clock.advance(3 * HOUR);
  stage.keys.worksAfterMs = 50 * 60_000;
  const made = await stage.glesys.account.create(stage.instance, 'by hand');
  stage.handWrite({ access_key_id: made.accessKeyId, secret_access_key: made.secretAccessKey });
  const replica = stage.replica('replica-2', billing({ graceMs: HOUR, verify, adopt: true }));
  expect((await replica.pass()).did).toBe('adopted');
  const entry = stage.record().superseded.find(({ id }) => id === previous?.id);
  expect(Date.parse(entry?.revoke_at ?? '')).toBeGreaterThanOrEqual(stage.clock.now() + HOUR - 1000);
});

test('adopting with a clock a year ahead does not put the rotation off by a year', async () => {
  const made = await stage.glesys.account.create(stage.instance, 'by hand');
  stage.handWrite({ access_key_id: made.accessKeyId, secret_access_key: made.secretAccessKey });
  stage.clock.step(365 * DAY);
  await stage.replica('replica-1', billing({ adopt: true })).settle();
  stage.clock.step(-365 * DAY);
  expect(Date.parse(stage.record().rotate_at)).toBeLessThanOrEqual(stage.clock.now() + 31 * DAY);
});

test('a clock that was put back does not put the resync off', async () => {
  const replica = stage.replica();
  await replica.settle();
  stage.clock.step(365 * DAY);
  const { rotator } = stage.replica('second').parts;
  const edges = { clock: stage.clock, random: Math.random, onOutcome: () => {}, pace: async () => {} };
  const scheduler = new Scheduler({ replica: 'second', policy: stage.policy(), rotator, ...edges });
  scheduler.tick();
  await scheduler.idle();
  stage.clock.step(-365 * DAY);
  await stage.glesys.account.remove(stage.instance, current().id);
  for (let look = 0; look < 6; look += 1) {
    stage.clock.advance(2 * HOUR);
    scheduler.tick();
    await scheduler.idle();
  }
  await scheduler.stop();
  expect(stage.works()).toBe(true);
});
