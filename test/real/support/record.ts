import type { VaultBody } from './vault-server.ts';

/** Whoever can be asked as root and fails on a refusal: a single Vault, or a cluster of them. */
export interface Teller {
  tell(method: string, path: string, body?: unknown): Promise<VaultBody>;
}

/** The members of a record that the tests look at. */
export interface FoundRecord {
  readonly v: number;
  readonly owner: string;
  readonly application: string;
  readonly place: string;
  readonly generation: number;
  readonly by: string;
  readonly credential: { readonly id: string; readonly access_key_id: string; readonly instance: string } | null;
  readonly superseded: readonly {
    readonly id: string;
    readonly access_key_id: string;
    readonly revoke_at: string | null;
    readonly why: string;
  }[];
}

/** What stands at an application's path. */
export interface Found {
  readonly version: number;
  readonly data: Readonly<Record<string, string>>;
  readonly record: FoundRecord;
}

/** Where an application's secret is, as the policy has it. */
export type PathOf = (application: string) => string;

/** The path that the tests give an application. */
export const pathOf: PathOf = (application) => `apps/${application}/s3`;

/** Throws where there is nothing to read, or no record in it. */
export async function findRecord(vault: Teller, application: string, path: PathOf = pathOf): Promise<Found> {
  const { data } = await vault.tell('GET', `secret/data/${path(application)}`);
  const { data: fields, metadata } = data as { data: Readonly<Record<string, string>>; metadata: { version: number } };
  return { version: metadata.version, data: fields, record: JSON.parse(fields['rekeyd'] ?? '') as FoundRecord };
}
