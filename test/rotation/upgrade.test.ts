import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { formatMarker } from '../../src/rotation/marker.ts';
import { iso } from '../../src/rotation/record.ts';
import { DAY, HOUR, type Replica, Stage } from '../support/stage.ts';

/** docs/UPGRADING.md: what a replica of this version does with the records of a newer one. */
let stage: Stage;
beforeEach(async () => {
  stage = await Stage.open();
});
afterEach(() => stage.close());

const ADDED = { colour: 'blue', steps: [1, { two: null }] };

/** Puts what a newer replica of the same `v` may add into every place of the record, as it stands in Vault. */
function addEverywhere(): void {
  const { credential, superseded, ...record } = stage.record();
  const more = {
    ...record,
    ...ADDED,
    credential: { ...credential, ...ADDED },
    superseded: superseded.map((entry) => ({ ...entry, ...ADDED, revoke_at: null, why: 'merged' })),
    hold: { until: iso(stage.clock.now() - HOUR), by: 'somebody', why: 'over', ...ADDED },
  };
  stage.handWrite({ ...stage.secret(), rekeyd: JSON.stringify(more) });
}

/** A credential of this application that stands in no record, and is old enough to be entered. */
async function leaveStray(): Promise<void> {
  const { owner, application, place } = stage.record();
  const marker = { owner, application, place, generation: 2, attemptedAt: stage.clock.now() - DAY, nonce: '00c0ffee' };
  await stage.glesys.account.create(stage.instance, formatMarker(marker));
}

const fields = { access_key_id: '{access_key_id}', secret_access_key: '{secret_access_key}', KEY: '{access_key_id}' };
const rotate = { everyMs: 10 * DAY, timezone: 'UTC', jitterMs: 0 };
const withPolicy = (application: object) => async (): Promise<Replica> =>
  stage.replica('older', { applications: { billing: application } });

describe('what a newer replica of the same v added', () => {
  beforeEach(async () => {
    const replica = stage.replica('newer');
    await replica.settle();
    await replica.pass('billing', { rotate: true, despite: [] });
    addEverywhere();
    stage.clock.advance(HOUR);
  });

  test('is carried over by a rotation, but for what belonged to the credential that it replaces', async () => {
    const outcome = await stage.replica('older').pass('billing', { rotate: true, despite: [] });
    expect(outcome.did).toBe('rotated');
    const { credential, superseded, ...record } = stage.record();
    expect(record).toMatchObject({ by: 'older', generation: 3, ...ADDED, hold: ADDED });
    expect(superseded.find(({ why }) => why === 'merged')).toMatchObject({ revoke_at: null, ...ADDED });
    expect(credential).not.toHaveProperty('colour');
  });

  const stray = async (): Promise<Replica> => {
    await leaveStray();
    return stage.replica('older');
  };
  test.each([
    ['entering strays', 'entered-strays', stray],
    ['a changed mapping', 'republished', withPolicy({ fields })],
    ['a changed schedule', 'rescheduled', withPolicy({ rotate })],
  ])('is carried over by %s', async (_, did, replica) => {
    expect((await (await replica()).pass()).did).toBe(did);
    expect(stage.record()).toMatchObject({ by: expect.any(String), ...ADDED, hold: ADDED, credential: ADDED });
    expect(stage.record().superseded.find(({ why }) => why === 'merged')).toMatchObject(ADDED);
  });
});

test('the record of a newer v keeps an older replica from everything, whatever is due, over or left behind', async () => {
  const replica = stage.replica('older');
  await replica.settle();
  await replica.pass('billing', { rotate: true, despite: [] });
  await leaveStray();
  stage.handWrite({ ...stage.secret(), rekeyd: JSON.stringify({ ...stage.record(), v: 2 }) });
  stage.clock.advance(60 * DAY);
  const [secret, live, events] = [stage.secret(), [...stage.live()], stage.events.length];
  for (const request of [undefined, { rotate: true, despite: [] }, { rotate: true, despite: ['record-unreadable'] }]) {
    const { trouble } = await stage.replica('older').settle('billing', request);
    expect(trouble).toMatchObject({ kind: 'refused', code: 'record-unreadable' });
  }
  expect(stage.secret()).toEqual(secret);
  expect(stage.live()).toEqual(live);
  expect(stage.eventNames().slice(events)).toEqual([]);
});
