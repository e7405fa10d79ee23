import fc from 'fast-check';
import { expect, test } from 'vitest';
import { listAnswerOf, readList } from '../../src/issuers/glesys-list.ts';
import { edited, edits } from '../hostile/edits.ts';
import { PATIENCE, runs } from '../hostile/runs.ts';
import { nastyText } from '../hostile/texts.ts';

const INSTANCE = 'os-ab123';
const CREATED = '2026-11-23T09:32:44+01:00';

const one = { id: 'id-1', accesskey: 'AK1', description: 'by hand', created: CREATED };
const other = { id: 'id-2', accesskey: 'AK2', description: null, secretkey: 'never kept' };

function answer(credentials: unknown, id: unknown = INSTANCE): unknown {
  return { response: { status: { code: 200 }, instance: { id, credentials } } };
}

/** What both make of an answer, as JSON has it: the same, or what is no list is left to the schema. */
async function expectAgreement(json: unknown, instance = INSTANCE): Promise<void> {
  const schema = listAnswerOf(instance).safeParse(json);
  expect(await readList(json, instance)).toEqual(schema.success ? schema.data : undefined);
}

test('a list is read by hand as the schema reads it, and no secret key is kept', async () => {
  const list = await readList(answer([one, other]), INSTANCE);
  expect(list).toEqual([
    { id: 'id-1', accessKeyId: 'AK1', description: 'by hand', createdAt: Date.parse(CREATED) },
    { id: 'id-2', accessKeyId: 'AK2', description: '', createdAt: undefined },
  ]);
  await expectAgreement(answer([one, other]));
});

/** What is no JSON never comes to either. */
function parsed(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

const VALUES: readonly unknown[] = [
  undefined,
  null,
  '',
  ' ',
  'ok',
  'a b',
  'a\n',
  '\u007f',
  'ö',
  'x'.repeat(500),
  'x'.repeat(501),
  0,
  true,
  [],
  ['ok'],
  {},
];

test.each(['id', 'accesskey', 'description', 'created', '__proto__', 'constructor'])(
  'whatever stands in %s, both agree on it',
  async (name) => {
    for (const value of VALUES) {
      const entry = JSON.parse(JSON.stringify(one).replace('{', `{"${name}":${JSON.stringify(value) ?? 'null'},`));
      await expectAgreement(answer([{ ...one, [name]: value }, other]));
      await expectAgreement(answer([entry, other]));
      await expectAgreement(answer([Object.fromEntries(Object.entries(one).filter(([key]) => key !== name)), other]));
    }
  },
);

test('whatever stands around the entries, both agree on it', async () => {
  for (const value of VALUES) {
    await expectAgreement(value);
    await expectAgreement({ response: value });
    await expectAgreement({ response: { instance: value } });
    await expectAgreement(answer(value));
    await expectAgreement(answer([one, value]));
    await expectAgreement(answer([one], value));
    if (typeof value === 'string') await expectAgreement(answer([one], value), value);
  }
});

test.each([
  ['id', { ...other, id: one.id }],
  ['access key id', { ...other, accesskey: one.accesskey }],
])('two credentials of one %s are no list', async (_, again) => {
  expect(await readList(answer([one, again]), INSTANCE)).toBeUndefined();
  await expectAgreement(answer([one, again]));
});

test(
  'both agree on every change of a true answer',
  async () => {
    const text = fc.oneof(nastyText, fc.constantFrom('id-1', 'AK1', 'id-3'));
    const entry = fc.record({ id: text, accesskey: text, description: text, created: text }, { requiredKeys: [] });
    const lists = fc.array(fc.oneof(entry, fc.constantFrom(one, other)), { maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(lists, edits, async (credentials, changes) => {
        const json = parsed(edited(JSON.stringify(answer(credentials)), changes));
        if (json) await expectAgreement(json.value);
      }),
      runs(400),
    );
  },
  PATIENCE,
);
