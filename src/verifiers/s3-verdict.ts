import type { PortError } from '../rotation/errors.ts';
import type { Verdict } from '../rotation/ports.ts';
import type { Attempt, Site } from '../transport/call.ts';
import { badAnswer, refusal, unanswered, unreachable } from '../transport/judge.ts';
import { showable } from '../transport/scrub.ts';

type Refused = Extract<Verdict, { readonly accepted: false }>;

/** S3's own codes. What stands nowhere here is `other`: only `InvalidAccessKeyId` says that a key does not exist. */
const WHY: Readonly<Record<string, Refused['why']>> = {
  InvalidAccessKeyId: 'unknown-key',
  SignatureDoesNotMatch: 'wrong-signature',
  AccessDenied: 'denied',
  RequestTimeTooSkewed: 'clock-skew',
  NoSuchBucket: 'no-such-bucket',
};

/** What the SDK throws, as far as it can be relied on. */
interface Thrown {
  readonly status: number | undefined;
  /** The code in S3's XML. */
  readonly code: string | undefined;
}

/**
 * S3's verdict out of what the SDK threw. Throws `PortError` where S3 gave none: no answer, 5xx, 429, nonsense.
 * `bucket`: the one that HeadBucket asked for, whose answers have no body and so no code.
 */
export function verdictOf(error: unknown, site: Site, attempt: Attempt, bucket?: string): Verdict {
  const { status, code } = read(error);
  if (status === undefined) throw noAnswer(error, site, attempt);
  if (status < 300) throw badAnswer(site, attempt, `no S3 answer (${status})`);
  if (status >= 500 || status === 429 || status === 408 || code === 'SlowDown') {
    throw refusal(site, attempt, { status, headers: {}, text: code ? `<Code>${code}</Code>` : '' });
  }
  const detail = `${code ?? 'no code'} (${status})${bucket === undefined ? '' : ` for bucket ${bucket}`}`;
  return { accepted: false, why: whyOf(status, code, bucket), detail: showable(detail, attempt.secrets) };
}

function whyOf(status: number, code: string | undefined, bucket: string | undefined): Refused['why'] {
  if (code !== undefined) return WHY[code] ?? 'other';
  if (status === 403) return 'denied';
  return status === 404 && bucket !== undefined ? 'no-such-bucket' : 'other';
}

function read(error: unknown): Thrown {
  const { $metadata, Code } = (typeof error === 'object' && error !== null ? error : {}) as {
    readonly $metadata?: { readonly httpStatusCode?: unknown };
    readonly Code?: unknown;
  };
  const status = $metadata?.httpStatusCode;
  return {
    status: typeof status === 'number' ? status : undefined,
    code: typeof Code === 'string' && /^[A-Za-z0-9.]{1,64}$/.test(Code) ? Code : undefined,
  };
}

/** The SDK hides where a connection failed; for a read it is enough to know it in the plain cases. */
const NEVER_CONNECTED =
  /^(ECONNREFUSED|ENOTFOUND|EAI_|EHOSTUNREACH|ENETUNREACH|EPROTO|ERR_SSL|ERR_TLS|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO)/;

function noAnswer(error: unknown, site: Site, attempt: Attempt): PortError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const timedOut = error instanceof Error && error.message.includes('did not establish a connection');
  return NEVER_CONNECTED.test(code) || timedOut ? unreachable(site, attempt, error) : unanswered(site, attempt, error);
}
