import { expect, test } from 'vitest';
import { HEAD, mistakesOf } from './written.ts';

const one = (application: string): string => `${HEAD}applications:\n  billing: ${application}\n`;
const KEYS = 'issuer: sto1, path: apps/billing/s3';
const DURATION_WANTED = 'write a whole number and a unit (ms, s, m, h, d or w), as in 90s, 24h or 30d';

/** What is wrong with one application, and the one line that says so. */
const APPLICATIONS: [string, string, string][] = [
  [
    'an undefined issuer',
    '{ issuer: sto2, path: a }',
    '14:22: .issuer: no issuer is named "sto2"; did you mean "sto1"?',
  ],
  ['a far-off issuer', '{ issuer: xyz-abc, path: a }', '14:22: .issuer: no issuer is named "xyz-abc"; there are sto1'],
  ['an unknown key', `{ ${KEYS}, gracee: 1h }`, '14:51: : unknown key "gracee"; did you mean "grace"?'],
  [
    'no path',
    '{ issuer: sto1 }',
    '14:3: .path: is missing (path of its secret below the KV mount, as in apps/billing/s3)',
  ],
  [
    'a path with "//"',
    '{ issuer: sto1, path: a//b }',
    '14:34: .path: must not contain "//": every part between slashes needs a name',
  ],
  ['a path with ".."', '{ issuer: sto1, path: a/../b }', '14:34: .path: must not contain "." or ".." as a part'],
  ['a path with "."', '{ issuer: sto1, path: ./b }', '14:34: .path: must not contain "." or ".." as a part'],
  ['a leading slash', '{ issuer: sto1, path: /a }', '14:34: .path: must not begin or end with "/"'],
  ['a trailing slash', '{ issuer: sto1, path: a/ }', '14:34: .path: must not begin or end with "/"'],
  ['an empty path', '{ issuer: sto1, path: "" }', '14:34: .path: must not be empty'],
  ['a path with a blank end', '{ issuer: sto1, path: "a " }', '14:34: .path: must not begin or end with a space'],
  [
    'a path with "?"',
    '{ issuer: sto1, path: a?b }',
    '14:34: .path: must not contain "?", which cannot stand in a path',
  ],
  [
    'a path with "%"',
    '{ issuer: sto1, path: a%2fb }',
    '14:34: .path: must not contain "%", which cannot stand in a path',
  ],
  [
    'a path with "#"',
    '{ issuer: sto1, path: a#b }',
    '14:34: .path: must not contain "#", which cannot stand in a path',
  ],
  [
    'a path with a control character',
    '{ issuer: sto1, path: "a\\u0007b" }',
    '14:34: .path: must not contain "\\u0007", which cannot stand in a path',
  ],
  [
    'a long grace',
    `{ ${KEYS}, rotate: { every: 1d }, grace: 25h }`,
    '14:81: .grace: the grace of 1d 1h must be shorter than the period of 1d',
  ],
  [
    'a grace as long as the period',
    `{ ${KEYS}, rotate: { every: 24h } }`,
    '14:68: .rotate.every: the grace of 1d must be shorter than the period of 1d',
  ],
  [
    'a grace longer than cron lets',
    `{ ${KEYS}, rotate: { cron: "0 3 * * 1,4" }, grace: 4d }`,
    '14:91: .grace: the grace of 4d must be shorter than the period of 3d',
  ],
  ['a duration without a unit', `{ ${KEYS}, grace: 30 }`, `14:58: .grace: 30 is not a duration; ${DURATION_WANTED}`],
  [
    'a duration in words',
    `{ ${KEYS}, grace: 2 days }`,
    `14:58: .grace: "2 days" is not a duration; ${DURATION_WANTED}`,
  ],
  [
    'a duration without end',
    `{ ${KEYS}, grace: 999d, rotate: { every: 9999d } }`,
    '14:81: .rotate.every: "9999d" is too long; at most ten years make sense',
  ],
  ['a period of nothing', `{ ${KEYS}, rotate: { every: 0s } }`, '14:68: .rotate.every: must be longer than nothing'],
  [
    'a bad cron field',
    `{ ${KEYS}, rotate: { cron: "0 25 1 * *" } }`,
    '14:67: .rotate.cron: the hour of "0 25 1 * *" is wrong: "25"; it takes 0-23, also as a list (1,15), a range (1-5; over the end as 22-23,0-4) or with a step (*/2)',
  ],
  [
    'a bad window',
    `{ ${KEYS}, rotate: { window: "2-4" } }`,
    '14:69: .rotate.window: "2-4" is not a cron pattern; write five fields (minute, hour, day of month, month, day of week), as in "0 3 1 * *"',
  ],
  [
    'a time zone that is none',
    `{ ${KEYS}, rotate: { timezone: Europe/Stokholm } }`,
    '14:71: .rotate.timezone: unknown time zone "Europe/Stokholm"; give an IANA name such as Europe/Stockholm or UTC; did you mean "Europe/Stockholm"?',
  ],
  [
    'a cron without a date',
    `{ ${KEYS}, rotate: { cron: "0 3 30 2 *" } }`,
    '14:67: .rotate.cron: has no date in the next 400 days',
  ],
  [
    'a window without a date',
    `{ ${KEYS}, rotate: { window: "* 3 29 2 *" } }`,
    '14:69: .rotate.window: has no date in the next 400 days, so that no rotation could ever start',
  ],
  [
    'every and cron',
    `{ ${KEYS}, rotate: { every: 30d, cron: "0 3 1 * *" } }`,
    '14:79: .rotate.cron: give either every or cron, not both',
  ],
  [
    'a long jitter',
    `{ ${KEYS}, rotate: { every: 2d, jitter: 49h } }`,
    '14:80: .rotate.jitter: the jitter of 2d 1h must not be longer than the period of 2d',
  ],
  [
    'a verification without end',
    `{ ${KEYS}, verify: { timeout: 2h } }`,
    '14:70: .verify.timeout: must be at most 1h: a key that takes longer will never work',
  ],
  ['no time to verify', `{ ${KEYS}, verify: { timeout: 0s } }`, '14:70: .verify.timeout: must be longer than nothing'],
  ['no successes', `{ ${KEYS}, verify: { successes: 0 } }`, '14:72: .verify.successes: must be at least 1'],
  [
    'half a success',
    `{ ${KEYS}, verify: { successes: 1.5 } }`,
    '14:72: .verify.successes: must be a whole number, not 1.5',
  ],
  [
    'buckets that are no list',
    `{ ${KEYS}, verify: { buckets: a } }`,
    '14:70: .verify.buckets: must be a list, not a text',
  ],
  [
    'a bucket that is none',
    `{ ${KEYS}, verify: { buckets: [ok-bucket, "a/b"] } }`,
    '14:82: .verify.buckets[1]: "a/b" will not do; it is not the name of a bucket',
  ],
  [
    'adopting what is no name',
    `{ ${KEYS}, adopt: somebody }`,
    '14:58: .adopt: must be true, false or old-owner/old-name, whose record is to be taken over',
  ],
  [
    'a field for rekeyd',
    `{ ${KEYS}, fields: { a: "{access_key_id}", s: "{secret_access_key}", rekeyd: x } }`,
    '14:117: .fields.rekeyd: "rekeyd" is where rekeyd keeps its own state; choose another name',
  ],
  [
    'no field for the secret',
    `{ ${KEYS}, fields: { a: "{access_key_id}" } }`,
    '14:59: .fields: one field must be exactly "{secret_access_key}"',
  ],
  [
    'no field for the key id',
    `{ ${KEYS}, fields: { a: "k {access_key_id}", s: "{secret_access_key}" } }`,
    '14:59: .fields: one field must be exactly "{access_key_id}"',
  ],
  [
    'two fields for the secret',
    `{ ${KEYS}, fields: { a: "{access_key_id}", s: "{secret_access_key}", t: "{secret_access_key}" } }`,
    '14:112: .fields.t: only one field may be exactly "{secret_access_key}", and "s" is already',
  ],
  [
    'a secret inside a text',
    `{ ${KEYS}, fields: { a: "{access_key_id}", s: "{secret_access_key}", t: "x {secret_access_key}" } }`,
    '14:112: .fields.t: {secret_access_key} must stand alone in its field',
  ],
  [
    'an unknown placeholder',
    `{ ${KEYS}, fields: { a: "{access_key_id}", s: "{secret_access_key}", t: "{bucket}" } }`,
    '14:112: .fields.t: unknown placeholder {bucket}; there are {access_key_id}, {secret_access_key}, {endpoint}, {region}',
  ],
  [
    'a field that is no text',
    `{ ${KEYS}, fields: { a: "{access_key_id}", s: "{secret_access_key}", t: 5 } }`,
    '14:112: .fields.t: must be a text, not 5',
  ],
  [
    'a period where a schedule belongs',
    `{ ${KEYS}, rotate: 30d }`,
    '14:59: .rotate: must be a mapping, not a text; write { every: 30d }',
  ],
  [
    'a date where a schedule belongs',
    `{ ${KEYS}, rotate: monthly }`,
    '14:59: .rotate: must be a mapping, not a text; write { every: 30d } or { cron: "0 3 1 * *" }',
  ],
  [
    'a placeholder without quotes',
    `{ ${KEYS}, fields: { a: "{access_key_id}", s: {secret_access_key} } }`,
    '14:86: .fields.s: must be a text, not a mapping; quote it, as in "{secret_access_key}"',
  ],
  ['an application that is none', 'yes', '14:12: : must be a mapping, not a text'],
  ['an application that is empty', '', '14:3: : is empty; it must be a mapping'],
];

test.each(APPLICATIONS)('%s is pointed at', async (_, application, line) => {
  const expected = `rekeyd.yaml:${line}`
    .replace(': .', ': applications.billing.')
    .replace(': :', ': applications.billing:');
  expect(await mistakesOf(one(application))).toEqual([expected]);
});

/** Defaults with a mistake, an application, and whether its own mistake can be told beside that one. */
const BESIDE: [string, string, string, string[]][] = [
  [
    'a grace and a period of its own',
    'rotate: { every: often }, grace: long',
    'rotate: { every: 1h }, grace: 2h',
    ['applications.billing.grace: the grace of 2h must be shorter than the period of 1h'],
  ],
  [
    'a period of its own, and a grace that is sound',
    'rotate: { every: often }, grace: 2h',
    'rotate: { every: 1h }',
    [
      'applications.billing.rotate.every: the grace of 2h must be shorter than the period of 1h; grace comes from defaults',
    ],
  ],
  [
    'a grace of its own, and a period beside a jitter that is wrong',
    'rotate: { every: 1h, jitter: some }',
    'grace: 2h',
    [
      'applications.billing.grace: the grace of 2h must be shorter than the period of 1h; rotate.every comes from defaults',
    ],
  ],
  ['no period that is known', 'rotate: { every: often }', 'grace: 40d', []],
  ['no grace that is known', 'grace: long', 'rotate: { every: 1h }', []],
  [
    'a jitter of its own, and no grace that is known',
    'grace: long',
    'rotate: { every: 1h, jitter: 2h }',
    ['applications.billing.rotate.jitter: the jitter of 2h must not be longer than the period of 1h'],
  ],
  [
    'a window of its own',
    'rotate: monthly',
    'rotate: { window: "* 3 29 2 *" }',
    ['applications.billing.rotate.window: has no date in the next 400 days, so that no rotation could ever start'],
  ],
  [
    'a grace and a period beside a time zone that is wrong',
    'verify: { successes: none }',
    'rotate: { every: 1h, timezone: Nowhere }, grace: 2h',
    [
      'applications.billing.rotate.timezone: unknown time zone "Nowhere"; give an IANA name such as Europe/Stockholm or UTC',
      'applications.billing.grace: the grace of 2h must be shorter than the period of 1h',
    ],
  ],
];

test.each(BESIDE)(
  'with a mistake in the defaults, an application with %s is still judged as far as it is known',
  async (_, defaults, own, wanted) => {
    const lines = await mistakesOf(`${HEAD}defaults: { ${defaults} }\napplications:\n  billing: { ${KEYS}, ${own} }\n`);
    expect(lines.some((line) => line.includes(': defaults.'))).toBe(true);
    const told = lines.filter((line) => line.includes(': applications.'));
    expect(told.map((line) => line.replace(/^\S+ | \(\S+\)$/g, ''))).toEqual(wanted);
  },
);

test('a jitter from the defaults that is too long for an application is told with where it comes from', async () => {
  const text = `${HEAD}defaults: { rotate: { jitter: 6h } }\napplications:\n  billing: { ${KEYS}, rotate: { every: 20s }, grace: 5s }\n`;
  expect(await mistakesOf(text)).toEqual([
    'rekeyd.yaml:15:68: applications.billing.rotate.every: the jitter of 6h must not be longer than the period of 20s; rotate.jitter comes from defaults (rekeyd.yaml:13:31)',
  ]);
});
