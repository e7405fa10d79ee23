import { readFileSync } from 'node:fs';
import type { z } from 'zod';
import type { VaultPolicy } from '../policy/policy.ts';
import type { Secret } from '../policy/secret.ts';
import type { Answer, Call, Timeouts } from '../transport/call.ts';
import { Server } from '../transport/server.ts';
import type { Traffic } from '../transport/traffic.ts';
import { VAULT } from './manner.ts';

/** A call to Vault; `path` is below `/v1/`. */
export interface VaultCall extends Call {
  readonly token?: Secret;
  /** `root`: without the namespace header, for what exists only outside of namespaces. */
  readonly namespace?: 'root';
}

/**
 * Vault's HTTP API, as thin as it goes: address, headers, and the judgement of failures. There is no client for node
 * from HashiCorp; this one needs a dozen calls.
 */
export class VaultClient {
  readonly #server: Server;
  readonly #namespace: string | undefined;

  /** Throws when the CA file cannot be read. */
  constructor(
    policy: Pick<VaultPolicy, 'address' | 'namespace' | 'caFile'>,
    { timeouts, traffic }: { readonly timeouts?: Timeouts; readonly traffic?: Traffic } = {},
  ) {
    this.#namespace = policy.namespace;
    this.#server = new Server({
      base: policy.address,
      manner: VAULT,
      ...(policy.caFile !== undefined && { ca: readCa(policy.caFile) }),
      ...(timeouts && { timeouts }),
      ...(traffic && { traffic }),
    });
  }

  send(call: VaultCall): Promise<Answer> {
    return this.#server.send(this.#dressed(call));
  }

  ask<T>(call: VaultCall, schema: z.ZodType<T>): Promise<T> {
    return this.#server.ask(this.#dressed(call), schema);
  }

  understand<T>(call: VaultCall, answer: Answer, schema: z.ZodType<T>): T {
    return this.#server.understand(call, answer, schema);
  }

  refusal(call: VaultCall, answer: Answer): Error {
    return this.#server.refusal(call, answer);
  }

  badAnswer(call: VaultCall, why: string): Error {
    return this.#server.badAnswer(call, why);
  }

  close(): Promise<void> {
    return this.#server.close();
  }

  #dressed(call: VaultCall): Call {
    const { token } = call;
    const namespace = call.namespace === 'root' ? undefined : this.#namespace;
    return {
      ...call,
      path: `/v1/${call.path}`,
      secrets: [...(call.secrets ?? []), ...(token ? [token] : [])],
      headers: {
        'x-vault-request': 'true',
        ...(namespace !== undefined && { 'x-vault-namespace': namespace }),
        ...(token && { 'x-vault-token': token.reveal() }),
        ...call.headers,
      },
    };
  }
}

function readCa(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : 'unknown error';
    throw new Error(`vault.ca_file: ${file} cannot be read (${code}); put the certificate there or correct the policy`);
  }
}

/** A mount or path as a URL has it. Empty and dot segments would lead elsewhere: the policy allows none. */
export function encodePath(path: string): string {
  const segments = path.split('/');
  if (segments.some((segment) => segment === '' || segment === '.' || segment === '..')) {
    throw new Error('a path has an empty or a dot segment');
  }
  return segments.map(encodeURIComponent).join('/');
}
