import { z } from 'zod';
import type { ListedCredential } from '../rotation/ports.ts';
import { eachInSlices } from '../slices.ts';

/** As ids and access key ids are; they go into records and messages, where anything else would do harm. */
const TEXT = /^[\x21-\x7e]{1,500}$/;

export const text = z.string().regex(TEXT);
export const listed = z.object({
  id: text,
  accesskey: text,
  description: z.string().nullish(),
  created: z.string().nullish(),
});
type Listed = z.infer<typeof listed>;

const TWICE = 'with one id or access key id twice';
/** What the list may have of secret keys is dropped here. Two credentials of one id or key cannot be told apart. */
const listAnswer = z.object({
  response: z.object({ instance: z.object({ id: text, credentials: z.array(listed).refine(areDistinct, TWICE) }) }),
});

/** What the list of this instance says, and has to look like. */
export function listAnswerOf(instance: string): z.ZodType<readonly ListedCredential[]> {
  return (
    listAnswer
      // Another instance's list would make every credential look gone.
      .refine(({ response }) => response.instance.id === instance, {
        path: ['response', 'instance', 'id'],
        error: "is another instance's",
      })
      .transform(({ response }) => response.instance.credentials.map(credentialOf))
  );
}

/**
 * The same in slices and by hand: the schema takes a quarter of a second for 20,000 credentials, in one go. `undefined`
 * where anything is not as it should be: then the schema says what.
 */
export async function readList(json: unknown, instance: string): Promise<readonly ListedCredential[] | undefined> {
  const ours = member(member(json, 'response'), 'instance');
  const credentials = member(ours, 'credentials');
  if (member(ours, 'id') !== instance || !TEXT.test(instance) || !Array.isArray(credentials)) return undefined;
  const list: ListedCredential[] = [];
  const [ids, keys] = [new Set<string>(), new Set<string>()];
  await eachInSlices(credentials, (credential: unknown) => {
    if (!isListed(credential)) return;
    list.push(credentialOf(credential));
    ids.add(credential.id);
    keys.add(credential.accesskey);
  });
  const { length } = credentials;
  return list.length === length && ids.size === length && keys.size === length ? list : undefined;
}

function member(of: unknown, name: string): unknown {
  return isObject(of) ? of[name] : undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isListed(value: unknown): value is Listed {
  if (!isObject(value)) return false;
  const { id, accesskey, description, created } = value;
  return isText(id) && isText(accesskey) && isMaybeString(description) && isMaybeString(created);
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && TEXT.test(value);
}

function isMaybeString(value: unknown): boolean {
  return value === undefined || value === null || typeof value === 'string';
}

function areDistinct(credentials: readonly Listed[]): boolean {
  const ids = new Set(credentials.map(({ id }) => id));
  const keys = new Set(credentials.map(({ accesskey }) => accesskey));
  return ids.size === credentials.length && keys.size === credentials.length;
}

/** Of an entry of the list, or of what was just made. */
export function credentialOf(credential: Listed): ListedCredential {
  const created = Date.parse(credential.created ?? '');
  return {
    id: credential.id,
    accessKeyId: credential.accesskey,
    description: credential.description ?? '',
    createdAt: Number.isNaN(created) ? undefined : created,
  };
}
