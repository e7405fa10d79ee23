import { expect, test } from 'vitest';
import { changesBetween, changesText, isUnchanged, untouched } from '../../src/policy/changes.ts';
import { readPolicy } from '../../src/policy/load.ts';
import type { Policy } from '../../src/policy/policy.ts';
import { written } from './written.ts';

interface Parts {
  readonly applications: string;
  readonly region?: string;
  readonly vault?: string;
  readonly level?: string;
}

async function policyOf({ applications, region = 'x', vault = 'vault', level = 'info' }: Parts): Promise<Policy> {
  const text = `
owner: acme
issuers:
  sto1: { type: glesys, project: p, api_key: { env: K }, instance: i, endpoint: https://s3.example.net, region: ${region} }
  fbg1: { type: glesys, project: p, api_key: { env: K }, instance: j, endpoint: https://s3.example.net, region: x }
vault: { address: "https://${vault}.example.net", auth: { method: token, token: { env: T } } }
log: { level: ${level} }
applications: { ${applications} }
`;
  const file = await written({ 'rekeyd.yaml': text });
  return { ...(await readPolicy(file, {})).complete(), file: 'rekeyd.yaml' };
}

const A = 'a: { issuer: sto1, path: a }';
const B = 'b: { issuer: fbg1, path: b }';
const BEFORE = { applications: `${A}, ${B}` };

test.each([
  ['nothing', BEFORE, 'nothing that matters', ['a', 'b']],
  [
    'an application more',
    { applications: `${A}, ${B}, c: { issuer: sto1, path: c }` },
    'applications: 1 added (c)',
    ['a', 'b'],
  ],
  ['an application less', { applications: A }, 'applications: 1 removed (b)', ['a']],
  ['a path', { applications: `a: { issuer: sto1, path: z }, ${B}` }, 'applications: 1 changed (a)', ['b']],
  ['an issuer', { ...BEFORE, region: 'y' }, 'issuers: 1 changed (sto1)', ['b']],
  ['Vault', { ...BEFORE, vault: 'other' }, 'vault changed', []],
  ['the log', { ...BEFORE, level: 'debug' }, 'log changed', ['a', 'b']],
])('what changed with %s, in words, and what is left as it was', async (_, parts: Parts, words, same) => {
  const [before, after] = [await policyOf(BEFORE), await policyOf(parts)];
  const changes = changesBetween(before, after);
  expect(changesText(changes)).toBe(words);
  expect(isUnchanged(changes)).toBe(words === 'nothing that matters');
  expect(untouched(before, after)).toEqual(same);
});

test('of many names the first five are told', async () => {
  const many = Array.from({ length: 7 }, (_, index) => `n${index}: { issuer: sto1, path: n${index} }`);
  const changes = changesBetween(await policyOf(BEFORE), await policyOf({ applications: [A, B, ...many].join(', ') }));
  expect(changesText(changes)).toBe('applications: 7 added (n0, n1, n2, n3, n4 and 2 more)');
});
