import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Layout } from '../../src/policy/layout.ts';
import { plainContent } from '../../src/policy/plain.ts';

const key = fc.constantFrom(
  'a',
  'b',
  'app-1',
  'path',
  '1',
  '10',
  '0x1',
  'true',
  'null',
  'constructor',
  '__proto__',
  '<<',
  'toString',
);
const scalar = fc.constantFrom(
  ...[
    'apps/a/s3',
    '/x',
    '30d',
    '7',
    '007',
    '1e3',
    '0o7',
    '.5',
    '-1',
    '1_000',
    '2026-01-01',
    '12:30',
    'true',
    'False',
    'yes',
    'null',
    'NULL',
    '~',
  ],
  ...[
    '"quoted # text"',
    "'single'",
    "'it''s'",
    '"esc\\n"',
    '""',
    'two words',
    'a#b',
    'a #b',
    'a:b',
    'a: b',
    '*alias',
    '&anchor x',
    '!!str 1',
    '|',
    '>',
  ],
  ...[
    '{ every: 30d }',
    '{every: 30d}',
    '{ a: b, a: c }',
    '{}',
    '{ a: }',
    '{ a: b, }',
    '{ a: 1, b: true }',
    '{ a: {b: c} }',
    '[x]',
    '- x',
    '%x',
    '@x',
    '`x',
    'a,b',
    'a]b',
  ],
);
const line = fc.oneof(
  {
    weight: 8,
    arbitrary: fc
      .tuple(fc.nat(3), key, fc.option(scalar, { nil: '' }))
      .map(([depth, name, value]) => `${'  '.repeat(depth)}${name}: ${value}`),
  },
  { weight: 2, arbitrary: fc.tuple(fc.nat(5), key).map(([depth, name]) => `${' '.repeat(depth)}${name}:`) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '',
      '   ',
      '# words',
      '  # words',
      '---',
      '...',
      '- x',
      'word',
      'a: b # words',
      'a: b  ',
      '\ta: b',
      'a : b',
      '? a',
    ),
  },
);

describe('a file that is read without the YAML parser', () => {
  test('holds for the parser just the same, and nothing wrong', () => {
    fc.assert(
      fc.property(
        fc.array(line, { maxLength: 8 }).map((lines) => lines.join('\n')),
        (text) => {
          const content = plainContent(text);
          if (content === undefined) return;
          const layout = new Layout('a.yaml', text);
          expect(layout.mistakes).toEqual([]);
          expect(JSON.stringify(content)).toBe(JSON.stringify(layout.content));
        },
      ),
      { numRuns: 5_000 },
    );
  });

  test.each([
    ['block mappings', 'applications:\n  a:\n    issuer: sto1\n    path: apps/a/s3\n  b:\n    issuer: sto1\n'],
    ['one-line mappings', 'a: { every: 30d, jitter: 6h }\n'],
    ['quoted words', 'a: "{access_key_id}"\nb: \'0 3 1 * *\'\n'],
    ['comments and empty lines', '# words\n\na: b # words\n   # words\nc:\n  # words\n  d: e\n'],
    ['numbers, and what is true or false', 'a: 3\nb: true\nc: FALSE\n'],
  ])('may have %s', (_, text) => {
    expect(plainContent(text)).toEqual(new Layout('a.yaml', text).content);
  });

  test.each([
    ['a key that stands twice', 'a: b\na: c\n'],
    ['a key for nothing', 'a:\n'],
    ['a key for nothing before another', 'a:\nb: c\n'],
    ['an indent that fits nothing around it', 'a:\n    b: c\n  d: e\n'],
    ['a line that goes on in the next', 'a: b\n  c: d\n'],
    ['a tab', 'a:\tb\n'],
    ['a second document', 'a: b\n---\nc: d\n'],
    ['an alias', 'a: &x { b: c }\nd: *x\n'],
    ['an escape', 'a: "\\u0041"\n'],
    ['a number of another kind', 'a: 0x10\n'],
    ['a list', 'a: [b]\n'],
    ['a very long line', `a: b${' '.repeat(2_000)}\n`],
    ['nothing', '# words\n'],
  ])('has not %s', (_, text) => {
    expect(plainContent(text)).toBeUndefined();
  });
});
