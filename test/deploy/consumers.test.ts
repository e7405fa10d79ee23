import { globSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { DEFAULT_FIELDS } from '../../src/policy/fields.ts';
import { found, textOf } from '../support/markdown.ts';

const fields = Object.keys(DEFAULT_FIELDS).toSorted();
const PATH = 'apps/billing/s3';

/** The files of deploy/consumers, by their names. */
const files = new Map(
  globSync('deploy/consumers/*').map((file) => [file.replace('deploy/consumers/', ''), textOf(file)]),
);
const fileOf = (name: string): string => files.get(name) ?? `no ${name}`;

const externalSecret = z.looseObject({
  apiVersion: z.literal('external-secrets.io/v1'),
  kind: z.literal('ExternalSecret'),
  spec: z.looseObject({
    secretStoreRef: z.strictObject({ kind: z.literal('SecretStore'), name: z.string() }),
    data: z.array(
      z.strictObject({
        secretKey: z.string(),
        remoteRef: z.strictObject({ key: z.literal(PATH), property: z.string() }),
      }),
    ),
  }),
});

const secretStore = z.looseObject({
  kind: z.literal('SecretStore'),
  metadata: z.looseObject({ name: z.string() }),
  spec: z.strictObject({
    provider: z.strictObject({ vault: z.looseObject({ path: z.literal('secret'), version: z.literal('v2') }) }),
  }),
});

test('the ExternalSecret reads every field that rekeyd writes, from the store beside it', () => {
  const [store, secret] = parseAllDocuments(fileOf('external-secrets.yaml')).map((one): unknown => one.toJS());
  const { secretStoreRef, data } = externalSecret.parse(secret).spec;
  expect(secretStoreRef.name).toBe(secretStore.parse(store).metadata.name);
  expect(data.map(({ remoteRef }) => remoteRef.property).toSorted()).toEqual(fields);
});

test.each(['vault-agent.hcl', 'vault-agent-exec.hcl'])(
  '%s asks for no other field than those that rekeyd writes',
  (name) => {
    const asked = new Set(found(fileOf(name), /\.Data\.data\.(\w+)/g));
    expect([...asked].toSorted()).toEqual(fields);
  },
);

test('every consumer reads the one path that the shown policy lets it read', () => {
  expect(found(fileOf('vault-policy.hcl'), /^path "([^"]+)"/gm)).toEqual([`secret/data/${PATH}`]);
  const read = [...files.values()].flatMap((text) => found(text, /secret \\?"([^"\\]+)\\?"/g));
  expect(new Set(read)).toEqual(new Set([`secret/data/${PATH}`]));
});

test('docs/consumers.md links to every file and shows no other text than theirs', () => {
  const page = textOf('docs/consumers.md');
  for (const name of files.keys()) expect(page, name).toContain(`](../deploy/consumers/${name})`);
  const shown = [...page.matchAll(/```(?:hcl|ini)\n([^`]+)```/g)].map(([, text = '']) => text);
  expect(shown).toHaveLength(2);
  for (const text of shown)
    expect(
      [...files.values()].some((file) => file.includes(text)),
      text,
    ).toBe(true);
});

test('docs/consumers.md refers only to sections that it has', () => {
  const page = textOf('docs/consumers.md');
  const headings = found(page, /^## (.+)$/gm).map((heading) =>
    heading
      .toLowerCase()
      .replaceAll(/[^a-z0-9 _-]/g, '')
      .replaceAll(' ', '-'),
  );
  expect(headings).toEqual(expect.arrayContaining(found(page, /\]\(#([^)]+)\)/g)));
});
