import { readFile } from 'node:fs/promises';
import { request } from 'undici';
import type { VaultAnswer, VaultBody } from './vault-server.ts';

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

/** Where an application has its key from: what it would use now. Throws where it has none, `LostSecret` for good. */
export type KeySource = () => Promise<HeldSecret>;

/** Whoever keeps the secret answers, and there is no key: it is gone, lacks fields, or may not be read. */
export class LostSecret extends Error {}

const NEEDED = ['access_key_id', 'secret_access_key', 'endpoint', 'region'] as const;

function keyIn(fields: Readonly<Record<string, unknown>>): RenderedSecret {
  const missing = NEEDED.filter((name) => typeof fields[name] !== 'string' || fields[name] === '');
  if (missing.length > 0) throw new LostSecret(`the secret lacks ${missing.join(', ')}`);
  return fields as unknown as RenderedSecret;
}

/**
 * The key in what Vault answered to a read. One that is sealed or has too much to do, and a standby that sends everybody to
 * a leader that is gone (307), have lost nothing.
 */
export function keyAnswered({ status, body }: VaultAnswer): RenderedSecret {
  const answered = `Vault answered ${status} to a consumer`;
  if (status >= 400 && status < 500 && status !== 429) throw new LostSecret(answered);
  if (status !== 200) throw new Error(answered);
  return keyIn((body.data?.['data'] ?? {}) as Readonly<Record<string, unknown>>);
}

/** As long as an application waits for Vault before it goes on with what it has, in ms; less than any grace. */
const PATIENCE_MS = 5_000;

/** A file that an agent keeps up to date, read before each use. */
export function fromFile(file: string): KeySource {
  return async () => {
    const readAt = performance.now();
    const text = await readFile(file, 'utf8').catch((error: unknown) => {
      throw new LostSecret(String(error));
    });
    return { ...keyIn(JSON.parse(text) as Readonly<Record<string, unknown>>), readAt };
  };
}

export interface KvPath {
  /**
   * Base URL of Vault; asked before and after each read, so that a cluster's living node can be chosen. While it throws,
   * the application does not look at what stands there.
   */
  readonly address: () => string;
  readonly token: string;
  /** API path of the secret, `secret/data/apps/billing/s3`; asked for each read. */
  readonly path: () => string;
  /** How long it keeps what it read, in ms. */
  readonly refreshMs: number;
}

/** An application that reads KV v2 itself. While Vault is away it goes on with what it has, and asks again. */
export function fromVault(kv: KvPath): KeySource {
  let known: (RenderedSecret & { readonly readAt: number }) | undefined;
  return async () => {
    const readAt = performance.now();
    if (known && readAt - known.readAt < kv.refreshMs) return known;
    try {
      known = { ...(await readKv(kv)), readAt };
    } catch (error) {
      if (!known || error instanceof LostSecret) throw error;
    }
    return known;
  };
}

async function readKv({ address, token, path }: KvPath): Promise<RenderedSecret> {
  const answer = await request(`${address()}/v1/${path()}`, {
    headers: { 'x-vault-token': token },
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  const text = await answer.body.text();
  // whoever began to wait meanwhile does not look at this one either
  address();
  return keyAnswered({ status: answer.statusCode, body: text === '' ? {} : (JSON.parse(text) as VaultBody) });
}
