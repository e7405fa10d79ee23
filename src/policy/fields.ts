import type { FieldMapping } from './policy.ts';

/** The reserved field of the secret that holds rekeyd's own state; no consumer's field may have its name. */
export const RECORD_FIELD = 'rekeyd';

/** What an application's secret looks like where the policy says nothing. */
export const DEFAULT_FIELDS: FieldMapping = {
  access_key_id: '{access_key_id}',
  secret_access_key: '{secret_access_key}',
  endpoint: '{endpoint}',
  region: '{region}',
};

/** What may stand in braces in a template. */
export const PLACEHOLDERS: readonly string[] = ['access_key_id', 'secret_access_key', 'endpoint', 'region'];
const PLACEHOLDER = /\{([^{}]*)\}/g;

/** What is wrong with a field, by its name; `''` for the mapping as a whole. */
export interface FieldMistake {
  readonly field: string;
  readonly message: string;
}

/** All that is wrong with a mapping. rekeyd finds the key pair again by the two fields that are exactly that. */
export function fieldMistakes(fields: FieldMapping): FieldMistake[] {
  const one = (field: string) => (message: string) => ({ field, message });
  return [
    ...Object.keys(fields).flatMap((field) => nameMistakes(field).map(one(field))),
    ...Object.entries(fields).flatMap(([field, template]) => templateMistakes(template).map(one(field))),
    ...countMistakes(fields, '{access_key_id}'),
    ...countMistakes(fields, '{secret_access_key}'),
  ];
}

function nameMistakes(field: string): string[] {
  if (field === RECORD_FIELD) return [`"${RECORD_FIELD}" is where rekeyd keeps its own state; choose another name`];
  if (field === '' || /\p{Cc}/u.test(field)) return ['a field needs a name without control characters'];
  return [];
}

function templateMistakes(template: string | null): string[] {
  const names = [...(template ?? '').matchAll(PLACEHOLDER)].map((match) => match[1] ?? '');
  const unknown = names
    .filter((name) => !PLACEHOLDERS.includes(name))
    .map((name) => `unknown placeholder {${name}}; there are ${PLACEHOLDERS.map((known) => `{${known}}`).join(', ')}`);
  const mixed = names.includes('secret_access_key') && template !== '{secret_access_key}';
  return mixed ? [...unknown, '{secret_access_key} must stand alone in its field'] : unknown;
}

function countMistakes(fields: FieldMapping, template: string): FieldMistake[] {
  const exact = Object.keys(fields).filter((field) => fields[field] === template);
  if (exact.length === 0) return [{ field: '', message: `one field must be exactly "${template}"` }];
  return exact.slice(1).map((field) => ({
    field,
    message: `only one field may be exactly "${template}", and ${JSON.stringify(exact[0])} is already`,
  }));
}
