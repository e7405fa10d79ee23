import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { schemaCommand } from '../../src/commands/schema.ts';
import { policyJsonSchema } from '../../src/policy/json-schema.ts';
import { readPolicy } from '../../src/policy/load.ts';
import { pretendTerminal } from '../support/terminal.ts';
import { NOW } from './written.ts';

/** Keys of a JSON Schema, with every key below, that no description stands at. */
function undescribed(schema: unknown, path = ''): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const { properties = {} } = schema as { readonly properties?: Readonly<Record<string, object>> };
  const here = Object.entries(properties).filter(([, value]) => !('description' in value) && !('const' in value));
  const below = Object.entries(schema).flatMap(([key, value]) => undescribed(value, `${path}/${key}`));
  return [...here.map(([key]) => `${path}/${key}`), ...below];
}

test('config/rekeyd.schema.json is what the program itself judges by (rekeyd schema > config/rekeyd.schema.json)', async () => {
  const file = JSON.parse(await readFile('config/rekeyd.schema.json', 'utf8'));
  expect(file).toEqual(policyJsonSchema());
});

test('rekeyd schema prints the JSON Schema', () => {
  const terminal = pretendTerminal();
  schemaCommand(terminal);
  expect(JSON.parse(terminal.written())).toEqual(policyJsonSchema());
  expect(terminal.written().endsWith('}\n')).toBe(true);
});

test('every key of the policy file is described', () => {
  expect(undescribed(policyJsonSchema())).toEqual([]);
});

test('the JSON Schema knows what must be there and lets nothing unknown through', () => {
  expect(policyJsonSchema()).toMatchObject({
    title: 'rekeyd policy',
    type: 'object',
    additionalProperties: false,
    required: ['owner', 'issuers'],
  });
});

test.each(['config/rekeyd.yaml', 'config/sandbox.yaml'])('%s has no mistakes and no warnings', async (file) => {
  expect((await readPolicy(file, {}, NOW)).warnings).toEqual([]);
});
