import type { Secret } from './secret.ts';
import type { WebhookEvent } from './webhook-events.ts';

/**
 * What should be true, as read from the policy file and merged with its defaults. All durations are milliseconds, all
 * addresses URLs without a trailing slash. Nothing in here is a secret: secrets are references, resolved when used.
 */
export interface Policy {
  /** The file it was read from. */
  readonly file: string;
  /** Marks what this deployment issues. */
  readonly owner: string;
  readonly issuers: ReadonlyMap<string, IssuerPolicy>;
  readonly vault: VaultPolicy;
  readonly applications: ReadonlyMap<string, ApplicationPolicy>;
  readonly scheduler: SchedulerPolicy;
  readonly http: HttpPolicy;
  readonly log: { readonly level: LogLevel };
  readonly webhooks: readonly WebhookPolicy[];
  readonly sandbox?: SandboxPolicy;
  /** What is allowed but asks for trouble, to be shown by `check` and at start. */
  readonly warnings: readonly PolicyWarning[];
}

export type LogLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';

/** A stable code, the application it is about (if one), and what a person should do. */
export interface PolicyWarning {
  readonly code: string;
  readonly application?: string;
  readonly message: string;
}

/** Exactly one of: an environment variable, a file, or a value that the embedded sandbox made for this process. */
export type SecretReference = { readonly env: string } | { readonly file: string } | { readonly made: Secret };

export interface IssuerPolicy {
  readonly name: string;
  readonly type: 'glesys';
  /** The project, `cl12345`: the user of HTTP Basic authentication. */
  readonly project: string;
  readonly apiKey: SecretReference;
  /** The object-storage instance whose credentials are issued and revoked. */
  readonly instance: string;
  /** Base URL of the issuer's API. */
  readonly api: string;
  /** S3 endpoint that the instance's credentials reach. */
  readonly endpoint: string;
  readonly region: string;
  readonly limits: IssuerLimits;
}

export interface IssuerLimits {
  /** Rotations, and calls to the issuer, under way at once. */
  readonly concurrency: number;
  /** Calls to the issuer begun per second. */
  readonly perSecond: number;
  /** The instance's quota: with so many credentials nothing more is issued. */
  readonly credentials?: number;
}

export interface VaultPolicy {
  readonly address: string;
  readonly namespace?: string;
  /** PEM file with the certificate authority that signed Vault's certificate. */
  readonly caFile?: string;
  /** The KV v2 mount. */
  readonly mount: string;
  readonly auth: VaultAuth;
}

/** `mount` is where the method is mounted, without `auth/`. */
export type VaultAuth =
  | { readonly method: 'token'; readonly token: SecretReference }
  | {
      readonly method: 'approle';
      readonly mount: string;
      readonly roleId: SecretReference;
      readonly secretId: SecretReference;
    }
  | {
      readonly method: 'kubernetes' | 'jwt';
      readonly mount: string;
      readonly role: string;
      readonly jwt: SecretReference;
    };

export interface ApplicationPolicy {
  readonly name: string;
  /** Name of its issuer in the policy. */
  readonly issuer: string;
  /** Path of its secret below the KV mount. */
  readonly path: string;
  readonly rotate: RotatePolicy;
  /** How long a superseded credential lives on. */
  readonly graceMs: number;
  readonly verify: VerifyPolicy;
  /** `true`: take over a hand-made secret; an owner and name: take over exactly that record; `false`: neither. */
  readonly adopt: boolean | { readonly owner: string; readonly application: string };
  readonly consumers: { readonly refreshMs: number };
  /** Field name → template, or `null` for a field that is to be written no longer. */
  readonly fields: FieldMapping;
}

/** Templates know `{access_key_id}`, `{secret_access_key}`, `{endpoint}` and `{region}`. */
export type FieldMapping = Readonly<Record<string, string | null>>;

/** Exactly one of `everyMs` and `cron` is there. */
export interface RotatePolicy {
  readonly everyMs?: number;
  readonly cron?: string;
  /** IANA name; `UTC` where the policy says nothing. */
  readonly timezone: string;
  readonly jitterMs: number;
  /** Cron pattern of the minutes in which a scheduled rotation may start. */
  readonly window?: string;
}

export interface VerifyPolicy {
  readonly timeoutMs: number;
  /** Consecutive successes that make a credential verified. */
  readonly successes: number;
  /** Buckets that must answer HeadBucket besides ListBuckets. */
  readonly buckets: readonly string[];
}

export interface SchedulerPolicy {
  readonly resyncMs: number;
  readonly spreadMs: number;
}

export interface HttpPolicy {
  readonly listen: ListenAddress;
  /** Off loopback everything but health and metrics needs it; writing always does. */
  readonly token?: SecretReference;
}

export interface ListenAddress {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
}

export interface WebhookPolicy {
  readonly url: string;
  readonly secret: SecretReference;
  readonly events: readonly WebhookEvent[];
  /** An application that fails is told of after so many failures in a row. */
  readonly after: number;
}

/** Addresses of the embedded stand-ins; an address that is missing in the file is `127.0.0.1:0`. */
export interface SandboxPolicy {
  readonly glesys: ListenAddress;
  readonly s3: ListenAddress;
  readonly vault: ListenAddress;
  /** Run one simulated consumer per application that reads its secret and lists buckets all the time. */
  readonly consumers: boolean;
}
