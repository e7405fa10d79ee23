import type { ApplicationPolicy } from '../policy/policy.ts';
import { type Problem, problemOf } from './errors.ts';
import type { Lists } from './lists.ts';
import type { SecretStore } from './ports.ts';
import { readRecord } from './record.ts';
import { occursIn } from './revocation.ts';

/** A credential that no record can have revoked: foreign, adopted or unclaimed. */
export interface Named {
  readonly id: string;
  readonly accessKeyId: string;
  readonly instance: string;
}

export interface ByHand {
  /** Every application of the policy: whichever issuer it has, somebody may have put the key into its secret. */
  readonly applications: ReadonlyMap<string, Pick<ApplicationPolicy, 'name' | 'path'>>;
  readonly store: Pick<SecretStore, 'read'>;
  readonly lists: Pick<Lists, 'mark' | 'after' | 'issuerOf' | 'noteRevoked'>;
  /** Awaited before each record is read. */
  readonly pace: () => Promise<void>;
}

/** Where the key stands, and which paths could not be looked through. */
interface Found {
  readonly users: readonly string[];
  readonly unread: readonly { readonly application: string; readonly problem: Problem }[];
  readonly isListed: boolean;
}

/** A reason not to revoke a credential by hand. `test` returns the reason in words where it applies. */
interface Veto {
  readonly code: string;
  readonly test: (found: Found, key: Named) => string | undefined;
  readonly remedy: string;
}

const some = (names: readonly string[]): string =>
  names.slice(0, 5).join(', ') + (names.length > 5 ? ` and ${names.length - 5} more` : '');

export const VETOES: readonly Veto[] = [
  {
    code: 'still-used',
    test: ({ users }, { accessKeyId }) =>
      users.length > 0 ? `${accessKeyId} stands in the secret of ${some(users)}` : undefined,
    remedy: 'Whoever reads it there would lose access. Rotate that application, or take the key out of its secret.',
  },
  {
    code: 'path-unread',
    test: ({ unread: [first, ...more] }) =>
      first &&
      `the secret of ${some([first, ...more].map(({ application }) => application))} could not be read: ${first.problem.reason}`,
    remedy: 'Nobody knows whether the key stands there. Mend that (rekeyd check) and ask again.',
  },
  {
    code: 'not-listed',
    test: ({ isListed }, { accessKeyId, instance }) =>
      isListed ? undefined : `the list of ${instance} no longer has ${accessKeyId}`,
    remedy: 'It is gone already: nothing is left to do.',
  },
];

/**
 * Revokes a credential directly, as a person asked for: only if its access key id stands in no secret of the policy,
 * looked for anew right before. Irreversible. Returns what stood against it. Throws `PortError` where the issuer fails.
 */
export async function revokeByHand(key: Named, deps: ByHand): Promise<Problem | undefined> {
  const found = await look(key, deps);
  for (const { code, test, remedy } of VETOES) {
    const reason = test(found, key);
    if (reason !== undefined) return { code, reason, remedy };
  }
  await deps.lists.issuerOf(key.instance)?.revoke(key.id);
  deps.lists.noteRevoked(key.instance, key.id);
  return undefined;
}

async function look(key: Named, { applications, store, lists, pace }: ByHand): Promise<Found> {
  const users: string[] = [];
  const unread: Found['unread'][number][] = [];
  for (const { name, path } of applications.values()) {
    await pace();
    try {
      if (await isUsedAt(path, key.accessKeyId, store)) users.push(name);
    } catch (error) {
      unread.push({ application: name, problem: problemOf(error) });
    }
  }
  const list = await lists.after(key.instance, lists.mark());
  return { users, unread, isListed: list.byId(key.id)?.accessKeyId === key.accessKeyId };
}

async function isUsedAt(path: string, accessKeyId: string, store: Pick<SecretStore, 'read'>): Promise<boolean> {
  const stored = await store.read(path);
  if (stored.state !== 'present') return false;
  const data = stored.data.reveal();
  const reading = readRecord(data);
  const current = reading.state === 'record' ? reading.record.credential?.access_key_id : undefined;
  return current === accessKeyId || occursIn(data, accessKeyId);
}
