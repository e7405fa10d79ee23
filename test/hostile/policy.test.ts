import { writeFile } from 'node:fs/promises';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { PolicyError, readPolicy } from '../../src/policy/load.ts';
import { draftOf, HEAD, mistakesOf, NOW, written } from '../policy/written.ts';
import { PATIENCE, runs } from './runs.ts';
import { expectUnpolluted } from './signs.ts';
import { ESCAPES, nastyText } from './texts.ts';

const KEYS =
  'owner issuers vault defaults applications scheduler http log webhooks include sandbox rotate every cron timezone jitter window grace verify fields issuer path adopt auth method token env file a __proto__ constructor'.split(
    ' ',
  );
const keys = fc.oneof(fc.constantFrom(...KEYS), fc.string(), nastyText);
const scalars = fc.oneof(
  nastyText,
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

/** What every file of these tests has somewhere, as if somebody had put a secret into the wrong place. */
const SECRET = 'TheSecretInTheWrongPlace';

/** Reads a text and says whether it ended as it may: in a policy, or in mistakes that have a place. */
async function endsWell(file: string, text: string, main = file): Promise<void> {
  await writeFile(file, text);
  const error = await readPolicy(main, {}, NOW).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expectUnpolluted();
  if (error === undefined) return;
  expect(error).toBeInstanceOf(PolicyError);
  const { message, mistakes } = error as PolicyError;
  expect(message).not.toMatch(/[^\P{Cc}\n]/u);
  expect(message).not.toContain(SECRET);
  for (const { line, column } of mistakes) {
    expect(line).toBeGreaterThanOrEqual(1);
    expect(column).toBeGreaterThanOrEqual(1);
  }
}

test(
  'whatever a policy file says, reading it ends in a policy or in mistakes',
  async () => {
    const file = await written({ 'rekeyd.yaml': '' });
    await fc.assert(
      fc.asyncProperty(sections, (content) => endsWell(file, stringify(content))),
      runs(100),
    );
  },
  PATIENCE,
);

const texts = fc.oneof(
  fc.string({ unit: fc.constantFrom(...'ab: -[]{}&*!|>"\'#%@`,?\n\t\\1') }),
  fc.string({ unit: 'binary' }),
  fc.tuple(fc.nat(HEAD.length), nastyText).map(([at, text]) => HEAD.slice(0, at) + text + HEAD.slice(at)),
);

test(
  'whatever stands in a file, or in one that it includes, reading it ends in a policy or in mistakes',
  async () => {
    const file = await written({ 'rekeyd.yaml': '', 'main.yaml': `${HEAD}include: [rekeyd.yaml]\n` });
    const main = file.replace('rekeyd.yaml', 'main.yaml');
    await fc.assert(
      fc.asyncProperty(texts, fc.boolean(), (text, isMain) => endsWell(file, text, isMain ? file : main)),
      runs(100),
    );
  },
  PATIENCE,
);

test(
  'a secret that somebody wrote into the policy is never repeated, however broken the file is around it',
  async () => {
    const file = await written({ 'rekeyd.yaml': '' });
    for (const form of [`{ ${SECRET} }`, `{ env: A, ${SECRET}: 1 }`, `[${SECRET}]`, `{ env: "${SECRET}!" }`]) {
      await endsWell(file, HEAD.replace('{ env: GLESYS_API_KEY }', form));
    }
    // nothing that makes a key of it: a key that nobody knows has to be named
    const forms = [`"${SECRET}"`, SECRET, `{ env: "${SECRET}!" }`, `|-\n      ${SECRET}`];
    const insertions = fc.tuple(fc.nat(HEAD.length + 40), fc.constantFrom(...' \n\t"\'|>&*!%@`#'));
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...forms), fc.array(insertions, { maxLength: 2 }), async (form, more) => {
        let text = HEAD.replace('{ env: GLESYS_API_KEY }', form);
        const at = text.indexOf(SECRET);
        for (const [where, sign] of more) {
          // never into the secret itself: half of it would be another text
          const place = where > at && where < at + SECRET.length ? at + SECRET.length : where;
          text = text.slice(0, place) + sign + text.slice(place);
        }
        await endsWell(file, text);
      }),
      runs(150),
    );
  },
  PATIENCE,
);

test('a name that a terminal would obey is shown as what it is', async () => {
  for (const sign of ESCAPES) {
    const name = JSON.stringify(`a${sign}b`).replaceAll(
      /[\u007f-\u009f]/g,
      (one) => `\\x${one.charCodeAt(0).toString(16)}`,
    );
    for (const text of [
      `applications: { ${name}: {} }\n`,
      `applications: { a: { ${name}: 1 } }\n`,
      `? ${name}\n: 1\n? ${name}\n: 1\n`,
    ]) {
      const mistakes = await mistakesOf(HEAD + text);
      expect(mistakes.length).toBeGreaterThan(0);
      for (const mistake of mistakes) expect(mistake).not.toMatch(/\p{Cc}/u);
    }
  }
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

test('so many aliases that looking each one up would take minutes are read at once, or are too many', async () => {
  const aliases = (count: number) => `x: &a 1\ny: &b\n${'  - *a\n'.repeat(count)}z: *b\n`;
  expect(await mistakesOf(aliases(4_000))).toContainEqual(expect.stringContaining('unknown key "x"'));
  expect(await mistakesOf(aliases(30_000))).toEqual([expect.stringContaining('far too many aliases')]);
});

test('a few hundred applications may share one schedule by an alias', async () => {
  const names = Array.from(
    { length: 300 },
    (_, n) => `  a${n}: { issuer: sto1, path: apps/a${n}, rotate: *monthly }\n`,
  );
  const draft = await draftOf(`${HEAD}defaults: { rotate: &monthly { every: 30d } }\napplications:\n${names.join('')}`);
  expect(draft.applications.size).toBe(300);
});

test('what is nested beyond any use ends in mistakes', async () => {
  for (const text of [
    '['.repeat(10_000),
    '{a: '.repeat(5_000),
    '- '.repeat(10_000),
    `${'['.repeat(5_000)}${']'.repeat(5_000)}`,
  ]) {
    await expect(draftOf(text)).rejects.toBeInstanceOf(PolicyError);
  }
});
