import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ApplicationPolicy } from '../../src/policy/policy.ts';
import { DAY, HOUR, Stage, type StageOptions } from '../support/stage.ts';

let stage: Stage;
beforeEach(async () => {
  stage = await Stage.open();
});
afterEach(() => stage.close());

const billing = (more: Partial<ApplicationPolicy>): StageOptions => ({ applications: { billing: more } });

/** A key that somebody made in the control panel and put into Vault. */
async function handMade(description = 'made by hand in 2024') {
  const made = await stage.glesys.account.create(stage.instance, description);
  const { accessKeyId: access_key_id, secretAccessKey: secret_access_key } = made;
  stage.handWrite({ access_key_id, secret_access_key, note: 'ask Anna' });
  return made;
}

test('a hand-made secret becomes the current credential, with its other fields and without a new key', async () => {
  const made = await handMade();
  const outcome = await stage.replica('replica-1', billing({ adopt: true })).settle();
  expect(outcome.did).toBe('adopted');
  expect(stage.record()).toMatchObject({ generation: 1, credential: { id: made.id, adopted: true }, superseded: [] });
  expect(stage.secret()).toMatchObject({ access_key_id: made.accessKeyId, note: 'ask Anna', endpoint: stage.s3.url });
  expect(stage.live()).toHaveLength(1);
});

test('an adopted credential is rotated when due, then listed, and never revoked by itself', async () => {
  const made = await handMade();
  const replica = stage.replica('replica-1', billing({ adopt: true }));
  await replica.settle();
  stage.clock.advance(30 * DAY);
  expect((await replica.settle()).did).toBe('rotated');
  expect(stage.record().superseded).toMatchObject([{ id: made.id, why: 'adopted', revoke_at: null }]);
  stage.clock.advance(20 * DAY);
  const outcome = await replica.settle();
  expect(outcome.notices.map(({ code }) => code)).toContain('adopted-still-live');
  expect(outcome.notices[0]?.reason).toContain(made.accessKeyId);
  expect(stage.live().map(({ id }) => id)).toContain(made.id);
});

test('a hand-made secret that does not work is not adopted', async () => {
  const made = await handMade();
  stage.handWrite({ access_key_id: made.accessKeyId, secret_access_key: 'mistyped' });
  const before = stage.secret();
  const outcome = await stage.replica('replica-1', billing({ adopt: true })).settle();
  expect(outcome.trouble).toMatchObject({ kind: 'failed', code: 'verification-failed' });
  expect(stage.secret()).toEqual(before);
});

test("a key that carries another application's marker is not adopted", async () => {
  await stage.close();
  stage = await Stage.open({ applications: { billing: {}, other: {} } });
  await stage.replica().settle('other');
  const { access_key_id, secret_access_key } = stage.secret('other') ?? {};
  stage.handWrite({ access_key_id, secret_access_key });
  const outcome = await stage.replica('replica-2', billing({ adopt: true })).settle();
  expect(outcome.trouble).toMatchObject({ kind: 'refused', code: 'not-adoptable' });
});

test('where somebody mixed up the two fields of a secret to be adopted, the secret key is not told', async () => {
  const made = await stage.glesys.account.create(stage.instance, 'by hand');
  stage.handWrite({ access_key_id: made.secretAccessKey, secret_access_key: made.accessKeyId });
  const outcome = await stage.replica('replica-1', billing({ adopt: true })).settle();
  expect(outcome.trouble).toMatchObject({ kind: 'refused', code: 'not-adoptable' });
  expect(JSON.stringify([outcome, stage.events])).not.toContain(made.secretAccessKey);
});

test('a key with our own marker is simply ours again when its record was lost', async () => {
  await stage.replica().settle();
  const { rekeyd: _, ...fields } = stage.secret() ?? {};
  stage.handWrite(fields);
  expect((await stage.replica().settle()).trouble).toMatchObject({ code: 'unmanaged' });
  expect((await stage.replica('replica-2', billing({ adopt: true })).settle()).did).toBe('adopted');
  expect(stage.record()).toMatchObject({ generation: 1, credential: { id: stage.live()[0]?.id } });
  expect(stage.record().credential).not.toHaveProperty('adopted');
});

test('a renamed application takes over exactly its old record, and its old key is left to a person', async () => {
  await stage.replica().settle();
  const [old] = stage.live();
  stage.clock.advance(HOUR);
  const renamed: StageOptions = {
    applications: {
      invoices: { path: 'apps/billing', adopt: { owner: 'acme', application: 'billing' } },
    },
  };
  const replica = stage.replica('replica-2', renamed);
  expect((await replica.settle('invoices')).did).toBe('adopted');
  expect(stage.record()).toMatchObject({
    application: 'invoices',
    generation: 1,
    credential: { id: old?.id, adopted: true },
  });
  stage.clock.advance(30 * DAY);
  await replica.settle('invoices');
  expect(stage.record()).toMatchObject({ generation: 2, superseded: [{ id: old?.id, revoke_at: null }] });
});

test('a copied secret whose refusal is lifted never costs the original its key', async () => {
  await stage.replica().settle();
  const [original] = stage.live();
  stage.vault.vault.kv2().poke('apps/copy', stage.secret() as never);
  const copy = stage.replica('replica-2', billing({ path: 'apps/copy' }));
  const outcome = await copy.settle('billing', { rotate: true, despite: ['copied'] });
  expect(outcome.trouble).toBeUndefined();
  stage.clock.advance(20 * DAY);
  await copy.settle();
  expect(stage.live().map(({ id }) => id)).toContain(original?.id);
  expect(stage.works()).toBe(true);
});

test('an application that moves to another instance keeps its old key through a grace at its own instance', async () => {
  await stage.replica().settle();
  const [old] = stage.live();
  const other = stage.glesys.account.addInstance();
  const moved: StageOptions = { issuer: { instance: other } };
  const outcome = await stage
    .replica('replica-2', moved)
    .settle('billing', { rotate: true, despite: ['instance-changed'] });
  expect(outcome.trouble).toBeUndefined();
  expect(stage.record()).toMatchObject({
    credential: { instance: other },
    superseded: [{ id: old?.id, instance: stage.instance }],
  });
  stage.clock.advance(2 * DAY);
  const after = await stage.replica('replica-3', moved).settle();
  expect(after.notices.map(({ code }) => code)).toContain('instance-unnamed');
  expect(stage.live().map(({ id }) => id)).toEqual([old?.id]);
});

test('a hand-made secret that is replaced instead of adopted leaves the old key alive', async () => {
  const made = await handMade();
  const outcome = await stage.replica().settle('billing', { rotate: true, despite: ['unmanaged'] });
  expect(outcome.trouble).toBeUndefined();
  stage.clock.advance(20 * DAY);
  await stage.replica().settle();
  expect(stage.live().map(({ id }) => id)).toContain(made.id);
});
