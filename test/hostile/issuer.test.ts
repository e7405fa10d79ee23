import fc from 'fast-check';
import { beforeEach, expect, test } from 'vitest';
import type { OpenIssuer } from '../../src/issuers/deps.ts';
import { type GlesysStandIn, startGlesys } from '../../src/sandbox/glesys.ts';
import { issuerAt } from '../issuers/open-issuer.ts';
import { closing } from '../transport/failure.ts';
import { manglings } from './answers.ts';
import { type Mangler, manglerBefore } from './mangler.ts';
import { PATIENCE, runs } from './runs.ts';
import { endOf, expectCalm, expectSilent, expectUnpolluted } from './signs.ts';

const INSTANCE = 'os-ab123';
const MARKER = 'rekeyd:acme/billing/1/0a1b2c3d-69b0a5c00123abcd';

let standIn: GlesysStandIn;
let mangler: Mangler;
let issuer: OpenIssuer;

beforeEach(async () => {
  standIn = closing(await startGlesys());
  standIn.account.addInstance(INSTANCE);
  for (const n of [1, 2, 3]) await standIn.account.create(INSTANCE, `made by hand ${n}`);
  mangler = closing(await manglerBefore(standIn.url));
  issuer = closing(
    issuerAt(mangler.url, { apiKey: { made: standIn.apiKey } }, { timeouts: { connect: 500, answer: 5_000 } }),
  );
});

/** What must never be seen: the API key, and the secrets of all credentials. */
function secrets(): string[] {
  const key = standIn.apiKey.reveal();
  const basic = Buffer.from(`${standIn.project}:${key}`).toString('base64');
  return [key, basic, ...standIn.account.credentials(INSTANCE).map(({ secretAccessKey }) => secretAccessKey)];
}

test(
  'whatever the issuer answers to a list, it is a list that can be relied on or a failure that says what to do',
  async () => {
    await fc.assert(
      fc.asyncProperty(manglings, async (mangling) => {
        mangler.aim({ at: /instancedetails/, mangling });
        const { value, error } = await endOf(issuer.list(), secrets());
        expect(value !== undefined || error !== undefined).toBe(true);
        for (const { id, accessKeyId, createdAt = 0 } of value ?? []) {
          expectCalm(id + accessKeyId);
          expect(Number.isFinite(createdAt)).toBe(true);
        }
        expect(new Set(value?.map(({ id }) => id)).size).toBe(value?.length ?? 0);
        expectSilent(value, secrets());
        expectUnpolluted();
      }),
      runs(80),
    );
  },
  PATIENCE,
);

test(
  'whatever the issuer answers to an issue, it is a credential with a name and a secret or a failure, never called not done',
  async () => {
    await fc.assert(
      fc.asyncProperty(manglings, async (mangling) => {
        mangler.aim({ at: /createcredential/, mangling });
        const { value, error } = await endOf(issuer.issue(MARKER), secrets());
        const refused = mangling.status !== undefined && mangling.status < 500 && mangling.status !== 408;
        if (!refused) expect([undefined, 'ambiguous']).toContain(error?.kind);
        if (value) {
          expectCalm(value.id + value.accessKeyId);
          expect(value.secretAccessKey.reveal()).not.toBe('');
          expectSilent(value, secrets());
        }
        expectUnpolluted();
      }),
      runs(60),
    );
  },
  PATIENCE,
);

test(
  'whatever the issuer answers to a revocation, only a credential that is gone counts as revoked',
  async () => {
    await fc.assert(
      fc.asyncProperty(manglings, fc.boolean(), async (mangling, isLost) => {
        const { id } = await standIn.account.create(INSTANCE, MARKER);
        // where the call never arrived, the API says no in words of its own, and those are mangled
        if (isLost) standIn.faults.add({ path: '/objectstorage/delete', fault: 'status', status: 400, times: 1 });
        mangler.aim({ at: /deletecredential/, mangling });
        const { error } = await endOf(issuer.revoke(id), secrets());
        const isThere = standIn.account.credentials(INSTANCE).some((credential) => credential.id === id);
        const lied = isLost && mangling.status !== undefined && mangling.status < 300;
        if (!lied) expect(isThere && error === undefined).toBe(false);
        await standIn.account.remove(INSTANCE, id);
        standIn.faults.clear();
      }),
      runs(40),
    );
  },
  PATIENCE,
);

test('a list of 100,000 credentials is read, and one with the same id or key twice is no list', async () => {
  const credential = (n: number) => ({ id: `id-${n}`, accesskey: `AK${n}`, description: 'x', created: '' });
  const credentials = Array.from({ length: 100_000 }, (_, n) => credential(n));
  const answering = (list: unknown) => {
    const body = JSON.stringify({ response: { instance: { id: INSTANCE, credentials: list } } });
    standIn.faults.clear();
    standIn.faults.add({ fault: 'status', status: 200, body });
  };
  mangler.aim(undefined);
  answering(credentials);
  expect(await issuer.list()).toHaveLength(100_000);
  for (const again of [credential(7), { ...credential(7), id: 'other' }, { ...credential(7), accesskey: 'OTHER' }]) {
    answering([...credentials.slice(0, 10), again]);
    const { error } = await endOf(issuer.list(), secrets());
    expect(error).toMatchObject({ code: 'issuer-bad-answer', reason: expect.stringContaining('id twice') });
  }
});
