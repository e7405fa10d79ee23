import { expect, test } from 'vitest';
import { holdings } from '../../src/commands/holdings.ts';
import { CredentialList } from '../../src/rotation/credential-list.ts';
import { decide } from '../../src/rotation/decide.ts';
import type { Outcome } from '../../src/rotation/outcome.ts';
import { viewOf } from '../../src/rotation/view.ts';
import {
  applicationOf,
  BEARER,
  DAY,
  dataOf,
  INSTANCE,
  marked,
  NOW,
  recordOf,
  type Scene,
  scene,
} from '../rotation/scene.ts';

const key = marked(7, 7, 10 * DAY, { ...BEARER, application: 'reports' });
const theirs = recordOf({ application: 'reports' });

/** How `billing` was found at a path where the record of `reports` stands too. */
function found(data: Scene['data']): Outcome {
  const s = scene({ record: theirs, listed: [key], ...(data && { data }) });
  const { decision } = decide(s);
  if (decision.do !== 'refuse') throw new Error('a record of another application is refused');
  const trouble = { kind: 'refused' as const, ...decision.refusal };
  return { application: 'billing', did: 'nothing', notices: [], nextAt: NOW, next: '', view: viewOf(s), trouble };
}

test.each([
  ['not-ours', undefined],
  ['edited', { ...dataOf(theirs), endpoint: 'https://edited.example.net' }],
])('a copied record claims no key of the application it was copied from, be it refused as %s', (code, data) => {
  const copy = found(data);
  expect(copy.trouble?.code).toBe(code);
  const [held] = holdings(new CredentialList(INSTANCE, 1, NOW, [key]), {
    owner: 'acme',
    applications: new Map(['reports', 'billing'].map((name) => [name, applicationOf({ name })])),
    outcomes: [copy],
    places: new Map([['reports', BEARER.place]]),
    now: NOW,
  });
  expect(held).toMatchObject({ application: 'reports', state: 'stray' });
});
