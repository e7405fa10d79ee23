import { writeFile } from 'node:fs/promises';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { secretSource } from '../../src/policy/secrets.ts';
import { startGlesys } from '../../src/sandbox/glesys.ts';
import { startVault } from '../../src/sandbox/vault/vault.ts';
import { systemClock } from '../../src/system.ts';
import { issuerAt } from '../issuers/open-issuer.ts';
import { written } from '../policy/written.ts';
import { closing } from '../transport/failure.ts';
import { storeAt } from '../vault/open-store.ts';
import { PATIENCE, runs } from './runs.ts';
import { endOf } from './signs.ts';
import { nastyText } from './texts.ts';

const MARK = 'AMarkInTheSecret';

test(
  'whatever stands in the files of secrets, a call with them is refused or fails in words, and shows none of it',
  async () => {
    const file = await written({ 'rekeyd.yaml': '' });
    const glesys = closing(await startGlesys());
    const vault = closing(await startVault());
    const issuer = closing(issuerAt(glesys.url, { apiKey: { file } }));
    const refused = new Set<string | undefined>();
    await fc.assert(
      fc.asyncProperty(nastyText, nastyText, async (before, after) => {
        await writeFile(file, `${before}${MARK}${after}`);
        const store = storeAt(vault.url, systemClock, { method: 'token', token: { file } }, { secretOf: secretSource });
        const ends = [await endOf(issuer.list(), [MARK]), await endOf(store.read('apps/a'), [MARK])];
        for (const { error } of ends) {
          expect(error).toBeDefined();
          refused.add(error?.code);
        }
        await store.close();
      }),
      runs(40),
    );
    expect([...refused].every((code) => /^(issuer|vault)-/.test(code ?? ''))).toBe(true);
  },
  PATIENCE,
);
