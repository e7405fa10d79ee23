import { expect, test } from 'vitest';
import type { OperatorRequest } from '../../src/rotation/rotator.ts';
import { ASKED, failure, Memory, settled } from './memory.ts';
import { DAY, HOUR } from './scene.ts';

/** Each write to Vault fails, and nobody knows whether it was applied. Returns what mends it. */
function breakVault(memory: Memory): () => void {
  const { write } = memory.store;
  memory.store.write = () => Promise.reject(failure('ambiguous', 'vault-error'));
  return () => {
    memory.store.write = write;
  };
}

async function passes(memory: Memory, times: number, request?: OperatorRequest): Promise<string | undefined> {
  let code: string | undefined;
  for (let pass = 0; pass < times; pass += 1) {
    code = (await memory.replica().pass(request)).trouble?.code;
    memory.clock.advance(HOUR);
  }
  return code;
}

const DESPITE = { rotate: true, despite: ['strays-full'] };

test('eight unpublished credentials at a path whose secret expired are refused, and a person can lift that', async () => {
  const memory = new Memory();
  memory.lifetimeMs = 10 * DAY;
  await memory.replica().pass();
  memory.clock.advance(11 * DAY);
  const mend = breakVault(memory);
  expect(await passes(memory, 12)).toBe('strays-full');
  expect(memory.live).toHaveLength(8);
  mend();
  expect(await passes(memory, 1, ASKED)).toBe('strays-full');
  expect(await passes(memory, 1, DESPITE)).toBeUndefined();
  expect(memory.record.superseded).toHaveLength(8);
});

test('who issued one more at a new path while Vault was broken can do so again once it is well', async () => {
  const memory = new Memory();
  const mend = breakVault(memory);
  expect(await passes(memory, 6)).toBe('strays-full');
  expect(memory.live).toHaveLength(4);
  await passes(memory, 6, DESPITE);
  mend();
  expect(await passes(memory, 1, DESPITE)).toBeUndefined();
  expect(memory.record.superseded).toHaveLength(memory.live.length - 1);
});

test('candidates whose revocation got no answer keep a gone credential waiting for an hour, not for a day', async () => {
  const { memory, replica } = await settled();
  const { revoke } = memory.issuer;
  memory.issuer.revoke = async (id) => {
    await revoke(id);
    throw failure('ambiguous', 'issuer-unanswered');
  };
  memory.verdict = { accepted: false, why: 'unknown-key', detail: 'InvalidAccessKeyId' };
  memory.issuer.made.clear();
  for (let attempt = 0; attempt < 2; attempt += 1) await replica.pass();
  memory.issuer.revoke = revoke;
  memory.verdict = undefined;
  expect((await replica.pass()).trouble?.code).toBe('strays-waiting');
  memory.clock.advance(HOUR);
  expect((await replica.pass()).did).toBe('rotated');
});

test('what was issued on an instance that no record names is entered, and gone a grace later', async () => {
  const memory = new Memory();
  memory.other.issue = async (description) => memory.other.make(description, 'id-900');
  const mend = breakVault(memory);
  await memory.replica({ issuer: 'old' }).pass();
  mend();
  memory.clock.advance(HOUR);
  const moved = memory.replica();
  await moved.pass();
  // somebody's application, or a person's `rekeyd keys`, has that instance listed
  await moved.world.lists.after('os-old', moved.world.lists.mark());
  expect((await moved.pass()).did).toBe('entered-strays');
  memory.clock.advance(2 * DAY);
  expect((await moved.pass()).did).toBe('revoked');
  expect([...memory.other.made]).toEqual([]);
});

test('a description by hand that begins as a marker does is told with what helps, which is no restart', async () => {
  const { memory } = await settled();
  memory.issuer.make('rekeyd:acme/billing (copy of Anna)', 'id-99');
  const { trouble } = await memory.replica().pass(ASKED);
  expect(trouble).toMatchObject({ kind: 'blocked', code: 'marker-garbled' });
  expect(trouble?.reason).toContain('AK-os-ab123-99');
  expect(trouble?.remedy).toContain('rekeyd revoke ISSUER ACCESS_KEY_ID');
  await memory.issuer.revoke('id-99');
  expect((await memory.replica().pass(ASKED)).did).toBe('rotated');
});
