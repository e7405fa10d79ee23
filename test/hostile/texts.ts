import fc from 'fast-check';

/** What a terminal obeys, and what else should never come out of it raw. */
export const ESCAPES = [
  '\u001b[2J',
  '\u001b]0;owned\u0007',
  '\u009b31m',
  '\u0000',
  '\r\n',
  '\u007f',
  '\u0008',
  '\u0085',
];

/** Texts that something might stumble over. */
export const nastyText: fc.Arbitrary<string> = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...ESCAPES.map((sign) => `AK${sign}7`)) },
  fc.constantFrom('', ' ', '__proto__', 'constructor', 'toString', '../..', '%2e%2e/', '{secret_access_key}', '\ud800'),
  fc.constantFrom('275760-09-13T00:00:00Z', '-271821-04-20T00:00:00Z', '9999-12-31T23:59:59Z', '0000-01-01T00:00:00Z'),
  fc.constantFrom('rekeyd:acme/billing/7/0a1b2c3d-', 'NaN', 'Infinity', '1e999', 'a'.repeat(20_000)),
  fc.string({ unit: 'binary', maxLength: 20 }),
);

/** JSON values as text, so that they may also be none. */
export const nastyJson: fc.Arbitrary<string> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom('null', 'true', 'false', '0', '-1', '1.5', '[]', '{}', '[null]', '""', '"0"'),
  },
  fc.constantFrom('1e308', '1e999', '-0', '9007199254740993', '9'.repeat(400), '999999999999999', '9007199254740991'),
  fc.constantFrom(
    'NaN',
    'undefined',
    "'a'",
    '0x10',
    '{"__proto__":{"polluted":true}}',
    '{"constructor":{"polluted":1}}',
  ),
  fc.constantFrom(...[400, 3_000].map((depth) => '['.repeat(depth) + ']'.repeat(depth))),
  { weight: 3, arbitrary: nastyText.map((text) => JSON.stringify(text)) },
);
