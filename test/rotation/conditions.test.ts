import { expect, test } from 'vitest';
import { CONDITIONS, type IssueFacts, unmetForIssue as unmet } from '../../src/rotation/conditions.ts';
import type { StoreStanding } from '../../src/rotation/ports.ts';
import { DAY } from './scene.ts';

const standing: StoreStanding = {
  mount: 'kv-v2',
  namespace: 'proven',
  capabilities: new Set(['create', 'update', 'read']),
  tokenTtlMs: 180_000,
  lifetimeMs: Number.POSITIVE_INFINITY,
};

const well: IssueFacts = {
  standing,
  path: 'apps/billing',
  attemptMs: 180_000,
  graceMs: DAY,
  lifetimeMs: Number.POSITIVE_INFINITY,
  distrusted: undefined,
  garbled: undefined,
  endpointSilent: undefined,
  inUse: 199,
  quota: 200,
  live: 3,
  urgent: false,
  waitingStrays: 1,
};

const on = (more: Partial<StoreStanding>): Partial<IssueFacts> => ({ standing: { ...standing, ...more } });

/** Each condition with facts that just miss it. */
const cases: readonly [code: string, what: string, facts: Partial<IssueFacts>][] = [
  ['namespace-unproven', 'a namespace that does not show itself', on({ namespace: 'unproven' })],
  ['mount-not-kv2', 'KV version 1', on({ mount: 'kv-v1' })],
  ['mount-not-kv2', 'another engine', on({ mount: 'other' })],
  ['mount-not-kv2', 'a mount that Vault does not show', on({ mount: 'unknown' })],
  ['path-not-writable', 'no right to update', on({ capabilities: new Set(['create', 'read']) })],
  ['path-not-writable', 'no right to create', on({ capabilities: new Set(['update']) })],
  ['issuer-distrusted', 'an issuer that changes descriptions', { distrusted: 'it changed one' }],
  ['marker-garbled', 'a marker of ours that is cut in the list', { garbled: 'it lists AK8 with a cut marker' }],
  ['token-short-lived', 'a token that dies during the attempt', on({ tokenTtlMs: 179_999 })],
  ['lifetime-short', 'a lifetime below twice the grace', { lifetimeMs: 2 * DAY - 1 }],
  ['endpoint-silent', 'a silent endpoint', { endpointSilent: 'no answer' }],
  ['quota-full', 'the last place taken', { inUse: 200 }],
  ['too-many-live', 'four that live', { live: 4 }],
  ['too-many-live', 'eight that live although it is urgent', { live: 8, urgent: true }],
  ['strays-waiting', 'two strays', { waitingStrays: 2 }],
];

test('where everything holds, nothing is unmet', () => {
  expect(unmet(well)).toEqual([]);
  expect(unmet({ ...well, lifetimeMs: 2 * DAY, ...on({ namespace: 'none' }) })).toEqual([]);
  expect(unmet({ ...well, ...on({ capabilities: new Set(['root']) }) })).toEqual([]);
  expect(unmet({ ...well, live: 7, urgent: true })).toEqual([]);
});

test.each(cases)('%s: %s', (code, _, facts) => {
  const [problem, ...others] = unmet({ ...well, ...facts });
  expect(others).toEqual([]);
  expect(problem).toMatchObject({ code, reason: expect.stringMatching(/\w/), remedy: expect.stringMatching(/\w/) });
});

test('every condition has a case above', () => {
  expect(new Set(cases.map(([code]) => code))).toEqual(new Set(CONDITIONS.map(({ code }) => code)));
});

test('a reason names the numbers and rights that it is about', () => {
  const reasonOf = (facts: Partial<IssueFacts>) => unmet({ ...well, ...facts })[0]?.reason;
  expect(reasonOf(on({ tokenTtlMs: 90_000 }))).toMatch(/\b90 s\b.*\b180 s\b/);
  expect(reasonOf({ lifetimeMs: 3_600_000 })).toMatch(/\b3600 s\b.*\b86400 s\b/);
  expect(reasonOf(on({ capabilities: new Set() }))).toMatch(/\bcreate or update\b.*apps\/billing/);
  expect(reasonOf({ inUse: 201 })).toMatch(/\b201\b.*\b200\b/);
  expect(reasonOf({ live: 5 })).toMatch(/\b5\b/);
  expect(reasonOf({ waitingStrays: 3 })).toMatch(/\b3\b/);
});
