import type { IssuerDeps, OpenIssuer } from '../../src/issuers/deps.ts';
import { openIssuer } from '../../src/issuers/issuers.ts';
import type { IssuerPolicy } from '../../src/policy/policy.ts';
import { Secret } from '../../src/policy/secret.ts';
import { secretSource } from '../../src/policy/secrets.ts';

export function issuerAt(api: string, policy: Partial<IssuerPolicy> = {}, deps: Partial<IssuerDeps> = {}): OpenIssuer {
  return openIssuer(
    {
      name: 'sto1',
      type: 'glesys',
      project: 'cl12345',
      apiKey: { made: new Secret('the-api-key') },
      instance: 'os-ab123',
      api,
      endpoint: 'https://objects.dc-sto1.glesys.net',
      region: 'dc-sto1',
      limits: { concurrency: 4, perSecond: 5 },
      ...policy,
    },
    { secretOf: secretSource, ...deps },
  );
}
