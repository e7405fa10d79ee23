import { writeFile } from 'node:fs/promises';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { PolicyError, readPolicy } from '../../src/policy/load.ts';
import { draftOf, HEAD, NOW, written } from './written.ts';

const KEYS =
  'owner issuers vault defaults applications scheduler http log webhooks include sandbox rotate every cron timezone jitter window grace verify fields issuer path adopt auth method token env file a __proto__ constructor'.split(
    ' ',
  );
const keys = fc.oneof(fc.constantFrom(...KEYS), fc.string());
const scalars = fc.oneof(
  fc.string(),
  fc.double(),
  fc.boolean(),
  fc.constant(null),
  fc.constantFrom('glesys', 'sto1', '30d', '0s', '0 3 1 * *', '* * * * *', 'a', 'https://a.b', '*.yaml', '127.0.0.1:0'),
);
const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    scalars,
    fc.array(tie('tree'), { maxLength: 3 }),
    fc.dictionary(keys, tie('tree'), { maxKeys: 6 }),
  ),
}));
const sections = fc.dictionary(fc.constantFrom(...KEYS.slice(0, 11)), tree);

/** Reads a text and says whether it ended as it may: in a policy, or in mistakes that have a place. */
async function endsWell(file: string, text: string): Promise<void> {
  await writeFile(file, text);
  const error = await readPolicy(file, {}, NOW).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error === undefined) return;
  expect(error).toBeInstanceOf(PolicyError);
  for (const { line, column } of (error as PolicyError).mistakes) {
    expect(line).toBeGreaterThanOrEqual(1);
    expect(column).toBeGreaterThanOrEqual(1);
  }
}

test('whatever a policy file says, reading it ends in a policy or in mistakes', async () => {
  const file = await written({ 'rekeyd.yaml': '' });
  await fc.assert(
    fc.asyncProperty(sections, (content) => endsWell(file, stringify(content))),
    { numRuns: 150 },
  );
});

test('whatever stands in a file, reading it ends in a policy or in mistakes', async () => {
  const file = await written({ 'rekeyd.yaml': '' });
  const texts = fc.oneof(
    fc.string({ unit: fc.constantFrom(...'ab: -[]{}&*!|>"\'#%@`,?\n\t\\1') }),
    fc.string({ unit: 'binary' }),
    fc.tuple(fc.nat(HEAD.length), fc.string()).map(([at, text]) => HEAD.slice(0, at) + text + HEAD.slice(at)),
  );
  await fc.assert(
    fc.asyncProperty(texts, (text) => endsWell(file, text)),
    { numRuns: 150 },
  );
});

test('an alias that contains itself, or a bomb of them, ends in mistakes', async () => {
  const bomb = [
    'a: &a [x, x, x, x, x, x, x, x, x]',
    ...'bcdefghi'.split('').map((name, index) => {
      const before = 'abcdefgh'[index];
      return `${name}: &${name} [${Array(9).fill(`*${before}`).join(', ')}]`;
    }),
  ].join('\n');
  await expect(draftOf(`${HEAD}applications: &x { a: *x }\n`)).rejects.toBeInstanceOf(PolicyError);
  await expect(draftOf(bomb)).rejects.toBeInstanceOf(PolicyError);
});
