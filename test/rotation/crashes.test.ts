import { afterEach, beforeEach, expect, test } from 'vitest';
import { DAY, HOUR, Stage } from '../support/stage.ts';

let stage: Stage;
beforeEach(async () => {
  stage = await Stage.open();
});
afterEach(() => stage.close());

const WRITE = { method: 'PUT', path: '/v1/secret/data/' };
const CREATE = { method: 'POST', path: '/objectstorage/createcredential' };
const DELETE = { method: 'POST', path: '/objectstorage/deletecredential' };

/** After every story: what Vault holds works, and once all graces are over nothing else of ours is left. */
async function expectAllWell(): Promise<void> {
  expect(stage.works()).toBe(true);
  const replica = stage.replica('replica-at-the-end');
  for (let day = 0; day < 4; day += 1) {
    stage.clock.advance(DAY + HOUR);
    const { trouble } = await replica.settle();
    expect(trouble).toBeUndefined();
    expect(stage.works()).toBe(true);
  }
  expect(stage.live().map(({ accessKeyId }) => accessKeyId)).toEqual([stage.secret()?.['access_key_id']]);
}

test('an issue whose answer is lost leaves a stray that is entered by a fence and revoked after its grace', async () => {
  const replica = stage.replica();
  await replica.settle();
  stage.clock.advance(30 * DAY);
  stage.glesys.faults.add({ ...CREATE, fault: 'drop_after', times: 1 });
  expect((await replica.settle()).trouble).toMatchObject({ kind: 'failed', code: 'issuer-unanswered' });
  expect(stage.live()).toHaveLength(2);
  expect((await replica.settle()).did).toBe('rotated');
  expect(stage.live()).toHaveLength(3);
  stage.clock.advance(HOUR);
  expect((await replica.pass()).did).toBe('entered-strays');
  expect(stage.live()).toHaveLength(3);
  await expectAllWell();
});

test('a publish that was applied but not answered is found by the next look, and nothing is taken back', async () => {
  const replica = stage.replica();
  await replica.settle();
  stage.clock.advance(30 * DAY);
  stage.vault.faults.add({ ...WRITE, fault: 'drop_after', times: 1 });
  expect((await replica.settle()).trouble?.kind).toBe('failed');
  expect(stage.record().generation).toBe(2);
  expect(stage.live()).toHaveLength(2);
  expect((await replica.settle()).trouble).toBeUndefined();
  expect(stage.record().generation).toBe(2);
  await expectAllWell();
});

test('a publish that was lost leaves its candidate alive until a fence and a grace have passed', async () => {
  const replica = stage.replica();
  await replica.settle();
  stage.clock.advance(30 * DAY);
  stage.vault.faults.add({ ...WRITE, fault: 'drop_before', times: 1 });
  expect((await replica.settle()).trouble?.kind).toBe('failed');
  expect(stage.record().generation).toBe(1);
  expect(stage.live()).toHaveLength(2);
  expect((await replica.settle()).did).toBe('rotated');
  await expectAllWell();
});

test('a publish that Vault answers with 500 although it applied it is not taken back', async () => {
  const replica = stage.replica();
  await replica.settle();
  stage.clock.advance(30 * DAY);
  stage.vault.faults.add({ ...WRITE, fault: 'status_after', status: 500, times: 1 });
  expect((await replica.settle()).trouble?.kind).toBe('failed');
  expect(stage.record().generation).toBe(2);
  expect(stage.works()).toBe(true);
  await expectAllWell();
});

test('a conflict at publish leaves the candidate alone: a proxy may have resent what was applied', async () => {
  const replica = stage.replica();
  await replica.settle();
  stage.clock.advance(30 * DAY);
  const body = '{"errors":["check-and-set parameter did not match the current version"]}';
  stage.vault.faults.add({ ...WRITE, fault: 'status_after', status: 400, body, times: 1 });
  expect((await replica.settle()).trouble).toMatchObject({ kind: 'failed', code: 'conflict' });
  expect(stage.record().generation).toBe(2);
  expect(stage.works()).toBe(true);
  await expectAllWell();
});

test('a publish to a sealed Vault is tried again in place, with the very same comparison', async () => {
  const replica = stage.replica();
  await replica.settle();
  stage.clock.advance(30 * DAY);
  const body = '{"errors":["Vault is sealed"]}';
  stage.vault.faults.add({ ...WRITE, fault: 'status', status: 503, body, times: 2 });
  expect((await replica.settle()).did).toBe('rotated');
  expect(stage.record().generation).toBe(2);
  expect(stage.live()).toHaveLength(2);
  await expectAllWell();
});

test('a verification that fails takes its own candidate back, for its publish was never sent', async () => {
  const replica = stage.replica();
  await replica.settle();
  stage.clock.advance(30 * DAY);
  stage.keys.worksAfterMs = Number.POSITIVE_INFINITY;
  expect((await replica.settle()).trouble?.code).toBe('verification-failed');
  expect(stage.eventNames()).toContain('candidate.revoked');
  expect(stage.live()).toHaveLength(1);
  stage.keys.worksAfterMs = 0;
  await replica.settle();
  await expectAllWell();
});

test('a candidate that cannot be taken back is left as a stray', async () => {
  const replica = stage.replica();
  await replica.settle();
  stage.clock.advance(30 * DAY);
  stage.keys.worksAfterMs = Number.POSITIVE_INFINITY;
  stage.glesys.faults.add({ ...DELETE, fault: 'drop_before', times: 1 });
  await replica.settle();
  expect(stage.eventNames()).toContain('candidate.left');
  expect(stage.live()).toHaveLength(2);
  stage.keys.worksAfterMs = 0;
  await replica.settle();
  await expectAllWell();
});

test('a revocation whose answer is lost is settled by the next list', async () => {
  const replica = stage.replica();
  await replica.settle();
  stage.clock.advance(30 * DAY);
  await replica.settle();
  stage.clock.advance(DAY + 1000);
  stage.glesys.faults.add({ ...DELETE, fault: 'drop_after', times: 1 });
  expect((await replica.settle()).notices.map(({ code }) => code)).toContain('revocation-failed');
  expect((await stage.replica('replica-2').settle()).trouble).toBeUndefined();
  await expectAllWell();
});

test('a key that works only after ten seconds is waited for', async () => {
  stage.keys.worksAfterMs = 10_000;
  expect((await stage.replica().settle()).trouble).toBeUndefined();
  expect(stage.record().generation).toBe(1);
  await expectAllWell();
});

test('the clock of the issuer decides nothing', async () => {
  stage.glesys.account.skewMs = HOUR;
  const replica = stage.replica();
  await replica.settle();
  stage.clock.advance(30 * DAY);
  await replica.settle();
  expect(stage.record()).toMatchObject({ generation: 2 });
  stage.glesys.account.skewMs = -HOUR;
  await expectAllWell();
});

test('a current credential that was deleted in the control panel is replaced at once', async () => {
  const replica = stage.replica();
  await replica.settle();
  const [first] = stage.live();
  await stage.glesys.account.remove(stage.instance, first?.id ?? '');
  stage.clock.advance(HOUR);
  expect((await replica.settle()).trouble).toBeUndefined();
  expect(stage.record()).toMatchObject({ generation: 2 });
  await expectAllWell();
});

test('a list that lacks a credential which S3 accepts is not believed', async () => {
  const replica = stage.replica();
  await replica.settle();
  const { credentials } = stage.glesys.account;
  stage.glesys.account.credentials = () => [];
  stage.clock.advance(30 * DAY);
  const outcome = await replica.settle();
  expect(outcome.notices.map(({ code }) => code)).toContain('list-distrusted');
  expect(stage.record().generation).toBe(1);
  stage.glesys.account.credentials = credentials;
  stage.clock.advance(HOUR);
  expect((await replica.settle()).did).toBe('rotated');
  expect(stage.record().generation).toBe(2);
  await expectAllWell();
});

test('a broken Vault never fills an instance with keys', async () => {
  const replica = stage.replica();
  await replica.settle();
  stage.clock.advance(30 * DAY);
  stage.vault.faults.add({ ...WRITE, fault: 'drop_before' });
  for (let attempt = 0; attempt < 20; attempt += 1) await replica.pass();
  expect(stage.live()).toHaveLength(3);
  expect(await replica.pass()).toMatchObject({ deed: 'rotate', trouble: { kind: 'blocked', code: 'strays-waiting' } });
  stage.vault.faults.clear();
  stage.clock.advance(HOUR);
  // what it waited for is another deed, so that no pause after the failures puts it off
  expect((await replica.parts.rotator.survey(['billing'], async () => {}))[0]).toMatchObject({
    did: 'nothing',
    deed: 'enter-strays',
  });
  await replica.settle();
  expect(stage.record().generation).toBe(2);
  await expectAllWell();
});

test('on a new path a broken Vault gets four credentials at most, and a person decides about the fifth', async () => {
  const replica = stage.replica();
  stage.vault.faults.add({ ...WRITE, fault: 'drop_before' });
  for (let attempt = 0; attempt < 20; attempt += 1) await replica.pass();
  expect(stage.live()).toHaveLength(4);
  stage.vault.faults.clear();
  expect((await replica.settle()).trouble).toMatchObject({ kind: 'refused', code: 'strays-full' });
  expect((await replica.settle('billing', { rotate: true, despite: ['strays-full'] })).trouble).toBeUndefined();
  expect(stage.record().superseded).toHaveLength(4);
  await expectAllWell();
});

test('a secret that delete_version_after deleted is issued anew, and what was there gets its grace', async () => {
  const replica = stage.replica();
  await replica.settle();
  stage.vault.vault.kv2().config.deleteAfterMs = 10 * DAY;
  await replica.settle('billing', { rotate: true, despite: [] });
  expect((await replica.pass()).nextAt).toBeLessThanOrEqual(stage.clock.now() + 9 * DAY);
  stage.clock.advance(11 * DAY);
  await replica.settle();
  expect(stage.record()).toMatchObject({ generation: 3 });
  stage.vault.vault.kv2().config.deleteAfterMs = 0;
  await replica.settle('billing', { rotate: true, despite: [] });
  await expectAllWell();
});

test('Vault restored from a backup several rotations old: a secret that still works is left, and a person decides', async () => {
  const replica = stage.replica();
  await replica.settle();
  const backup = stage.secret();
  for (let rotation = 0; rotation < 2; rotation += 1) {
    stage.clock.advance(HOUR);
    await replica.settle('billing', { rotate: true, despite: [] });
  }
  stage.handWrite({ ...backup });
  const restored = stage.replica('replica-after-restore');
  expect((await restored.settle()).trouble).toMatchObject({ kind: 'refused', code: 'behind' });
  expect(stage.live()).toHaveLength(3);
  expect((await restored.settle('billing', { rotate: true, despite: ['behind'] })).trouble).toBeUndefined();
  expect(stage.record()).toMatchObject({ generation: 4 });
  expect(stage.record().superseded.filter(({ why }) => why === 'behind')).toHaveLength(2);
  stage.clock.advance(10 * DAY);
  await restored.settle();
  expect(stage.live()).toHaveLength(3);
});

test('Vault restored from a backup whose secret is dead: a new one is published, newer strays wait for a person', async () => {
  const replica = stage.replica();
  await replica.settle();
  const backup = stage.secret();
  for (let rotation = 0; rotation < 3; rotation += 1) {
    stage.clock.advance(2 * DAY);
    await replica.settle('billing', { rotate: true, despite: [] });
    stage.clock.advance(2 * DAY);
    await replica.settle();
  }
  stage.handWrite({ ...backup });
  expect(stage.works()).toBe(false);
  expect((await stage.replica('replica-after-restore').settle()).trouble).toBeUndefined();
  expect(stage.works()).toBe(true);
  expect(stage.record()).toMatchObject({ generation: 5, superseded: [{ why: 'behind', revoke_at: null }] });
});
