import { readFile } from 'node:fs/promises';
import { request } from 'undici';

/** The default names of the fields of a secret. */
export interface RenderedSecret {
  readonly access_key_id: string;
  readonly secret_access_key: string;
  readonly endpoint: string;
  readonly region: string;
}

/** A secret as an application holds it. */
export interface HeldSecret extends RenderedSecret {
  /** By `performance.now()`, when it was read; missing where the source cannot tell. */
  readonly readAt?: number;
}

/** Where an application has its key from: what it would use now. Throws where it has none. */
export type KeySource = () => Promise<HeldSecret>;

/** As long as an application waits for Vault before it goes on with what it has, in ms; less than any grace. */
const PATIENCE_MS = 5_000;

/** A file that an agent keeps up to date, read before each use. */
export function fromFile(file: string): KeySource {
  return async () => {
    const readAt = performance.now();
    return { ...(JSON.parse(await readFile(file, 'utf8')) as RenderedSecret), readAt };
  };
}

export interface KvPath {
  /** Base URL of Vault; asked for each read, so that a cluster's living node can be chosen. */
  readonly address: () => string;
  readonly token: string;
  /** API path of the secret, `secret/data/apps/billing/s3`. */
  readonly path: string;
  /** How long it keeps what it read, in ms. */
  readonly refreshMs: number;
}

/** An application that reads KV v2 itself. While Vault does not answer it goes on with what it has, and asks again. */
export function fromVault(kv: KvPath): KeySource {
  let known: (RenderedSecret & { readonly readAt: number }) | undefined;
  return async () => {
    const readAt = performance.now();
    if (known && readAt - known.readAt < kv.refreshMs) return known;
    try {
      known = { ...(await readKv(kv)), readAt };
    } catch (error) {
      if (!known) throw error;
    }
    return known;
  };
}

async function readKv({ address, token, path }: KvPath): Promise<RenderedSecret> {
  const answer = await request(`${address()}/v1/${path}`, {
    headers: { 'x-vault-token': token },
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  const text = await answer.body.text();
  if (answer.statusCode !== 200) throw new Error(`Vault answered ${answer.statusCode} to a consumer`);
  return (JSON.parse(text) as { data: { data: RenderedSecret } }).data.data;
}
