import type { FieldMapping } from '../policy/policy.ts';
import { Secret } from '../policy/secret.ts';
import type { KeyPair, S3Target, SecretData } from './ports.ts';

/** Field name → template, as a record keeps it: nothing in it is `null`. */
export type WrittenFields = Readonly<Record<string, string>>;

const ACCESS_KEY_ID = '{access_key_id}';
const SECRET_ACCESS_KEY = '{secret_access_key}';

/**
 * The fields to write now: the policy's, and those that the record still has and the policy does not name. A field
 * that is mapped no longer keeps being written until the policy names it `null`, so that no consumer loses it by a slip.
 */
export function fieldsToWrite(policy: FieldMapping, recorded: WrittenFields): WrittenFields {
  const all = { ...recorded, ...policy };
  return Object.fromEntries(Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== null));
}

export function sameFields(one: WrittenFields, other: WrittenFields): boolean {
  const names = Object.keys(one);
  return names.length === Object.keys(other).length && names.every((name) => one[name] === other[name]);
}

/** What consumers find in each field. */
export function renderFields(fields: WrittenFields, pair: KeyPair, target: S3Target): Secret<Record<string, string>> {
  const values: Readonly<Record<string, string>> = {
    access_key_id: pair.accessKeyId,
    secret_access_key: pair.secretAccessKey.reveal(),
    endpoint: target.endpoint,
    region: target.region,
  };
  const render = (template: string): string =>
    template.replaceAll(/\{([a-z_]+)\}/g, (all, name) => (Object.hasOwn(values, name) ? (values[name] ?? all) : all));
  return new Secret(Object.fromEntries(Object.entries(fields).map(([name, template]) => [name, render(template)])));
}

/** The pair that stands in the secret under these fields; `undefined` where it is not there as two strings. */
export function pairIn(data: Secret<SecretData>, fields: FieldMapping): KeyPair | undefined {
  const accessKeyId = textAt(data, fields, ACCESS_KEY_ID);
  const secretAccessKey = textAt(data, fields, SECRET_ACCESS_KEY);
  if (accessKeyId === undefined || secretAccessKey === undefined) return undefined;
  return { accessKeyId, secretAccessKey: new Secret(secretAccessKey) };
}

function textAt(data: Secret<SecretData>, fields: FieldMapping, template: string): string | undefined {
  const name = Object.keys(fields).find((field) => fields[field] === template);
  const value = name === undefined ? undefined : data.reveal()[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}
