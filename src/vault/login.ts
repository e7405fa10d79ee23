import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { SecretReference, VaultAuth as VaultAuthPolicy } from '../policy/policy.ts';
import { Secret, type SecretSource } from '../policy/secret.ts';
import type { Clock } from '../rotation/ports.ts';
import { readSecret } from '../transport/secrets.ts';
import { encodePath, type VaultClient } from './client.ts';
import { LOGIN_RULES, LOOKUP_RULES } from './manner.ts';

/** A token and how long it lives, by our clock. Times are Unix ms, Infinity: for ever. */
export interface Lease {
  readonly token: Secret;
  readonly expiresAt: number;
  /** What it had to live when it was new, in ms. */
  readonly lifetimeMs: number;
  readonly renewable: boolean;
}

/** What a login sends, read anew from where the policy says. */
export interface LoginInput {
  readonly secrets: readonly Secret[];
  /** The same for the same secrets; tells nothing about them. */
  readonly fingerprint: string;
}

/** One way to a token. Both methods throw `PortError`. */
export interface Login {
  /** Whether the same input can bring another token: a token that is dead stays dead. */
  readonly repeatable: boolean;
  read(): Promise<LoginInput>;
  enter(input: LoginInput): Promise<Lease>;
}

export interface LoginDeps {
  readonly client: VaultClient;
  readonly clock: Clock;
  readonly secretOf: (reference: SecretReference) => SecretSource;
}

const grantAnswer = z.object({
  auth: z.object({
    client_token: z
      .string()
      .min(1)
      .transform((token) => new Secret(token)),
    lease_duration: z.number().nonnegative(),
    renewable: z.boolean(),
  }),
});

const lookupAnswer = z.object({
  data: z.object({
    /** Seconds; 0 of a token that does not expire. */
    ttl: z.number().nonnegative(),
    expire_time: z.string().nullable(),
    renewable: z.boolean().optional(),
  }),
});

export function loginFor(policy: VaultAuthPolicy, deps: LoginDeps): Login {
  switch (policy.method) {
    case 'token':
      return tokenLogin(policy.token, deps);
    case 'approle':
      return methodLogin('AppRole', policy.mount, deps, [policy.roleId, policy.secretId], ([roleId, secretId]) => ({
        role_id: roleId,
        secret_id: secretId,
      }));
    case 'kubernetes':
    case 'jwt': {
      const name = policy.method === 'jwt' ? 'JWT' : 'Kubernetes';
      return methodLogin(name, policy.mount, deps, [policy.jwt], ([jwt]) => ({ role: policy.role, jwt }));
    }
  }
}

/** The token is given; what is asked is how long it lives. */
function tokenLogin(token: SecretReference, { client, clock, secretOf }: LoginDeps): Login {
  const attempted = 'look up the given token in Vault';
  return {
    repeatable: false,
    read: () => inputOf([secretOf(token)], attempted),
    enter: async ({ secrets: [given] }) => {
      if (!given) throw new Error('the token method reads one secret');
      const now = clock.now();
      const path = 'auth/token/lookup-self';
      const call = { attempted, method: 'GET', path, token: given, rules: LOOKUP_RULES } as const;
      const { data } = await client.ask(call, lookupAnswer);
      const lifetimeMs = data.expire_time === null ? Number.POSITIVE_INFINITY : data.ttl * 1000;
      return { token: given, expiresAt: now + lifetimeMs, lifetimeMs, renewable: data.renewable ?? false };
    },
  };
}

function methodLogin(
  name: string,
  mount: string,
  { client, clock, secretOf }: LoginDeps,
  references: readonly SecretReference[],
  bodyOf: (values: readonly string[]) => Readonly<Record<string, unknown>>,
): Login {
  const attempted = `log in to Vault (${name} at auth/${mount})`;
  return {
    repeatable: true,
    read: () => inputOf(references.map(secretOf), attempted),
    enter: async ({ secrets }) => {
      const now = clock.now();
      const body = bodyOf(secrets.map((secret) => secret.reveal()));
      const path = `auth/${encodePath(mount)}/login`;
      return granted(
        await client.ask({ attempted, method: 'POST', path, body, secrets, rules: LOGIN_RULES }, grantAnswer),
        now,
      );
    },
  };
}

/** A token that lives for `forMs` from now, if Vault lets it. Throws `PortError`. */
export async function renewed(lease: Lease, forMs: number, { client, clock }: LoginDeps): Promise<Lease> {
  const now = clock.now();
  const body = { increment: `${Math.ceil(forMs / 1000)}s` };
  const attempted = "renew rekeyd's token in Vault";
  const call = { attempted, method: 'POST', path: 'auth/token/renew-self', token: lease.token, body } as const;
  const { expiresAt, renewable } = granted(await client.ask(call, grantAnswer), now);
  return { ...lease, expiresAt, renewable };
}

/** Counted from when it was asked for: rather too early than too late. */
function granted({ auth }: z.infer<typeof grantAnswer>, askedAt: number): Lease {
  const lifetimeMs = auth.lease_duration === 0 ? Number.POSITIVE_INFINITY : auth.lease_duration * 1000;
  return { token: auth.client_token, expiresAt: askedAt + lifetimeMs, lifetimeMs, renewable: auth.renewable };
}

async function inputOf(sources: readonly SecretSource[], attempted: string): Promise<LoginInput> {
  const secrets = await Promise.all(sources.map((source) => readSecret(source, attempted)));
  const hash = createHash('sha256').update(JSON.stringify(secrets.map((secret) => secret.reveal())));
  return { secrets, fingerprint: hash.digest('hex') };
}
