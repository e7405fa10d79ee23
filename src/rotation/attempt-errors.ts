import { PortError, type Problem } from './errors.ts';

/** What was issued cannot be recognised: nothing of it is touched. */
export function changedDescription(instance: string): PortError {
  return new PortError({
    kind: 'rejected',
    code: 'description-changed',
    attempted: `issue a credential on ${instance}`,
    reason: 'the issuer stored another description than it was given, so what it issues cannot be recognised',
    remedy:
      'Ask the issuer what it does to descriptions, and revoke the new credential (rekeyd keys shows it as foreign).',
    concerns: 'server',
  });
}

/** The answer is not certainly about the credential that was asked for. */
export function notNew(instance: string): PortError {
  return new PortError({
    kind: 'ambiguous',
    code: 'issuer-bad-answer',
    attempted: `issue a credential on ${instance}`,
    reason: 'the answer names a credential that was there before',
    remedy: 'Look for a proxy between rekeyd and the issuer that answers from memory.',
    concerns: 'server',
  });
}

/** The machine slept, or the servers were slow: what others do meanwhile relies on an attempt's bound. */
export function tooLate(application: string): PortError {
  return new PortError({
    kind: 'rejected',
    code: 'attempt-too-long',
    attempted: `publish a credential of ${application}`,
    reason: 'the attempt took longer than one may last',
    remedy: 'Nothing to do: it is tried again. If it stays, lower verify.timeout or the number of buckets to verify.',
    concerns: 'request',
  });
}

/** Nothing was published then, for certain. */
export function isTooLate({ code }: Problem): boolean {
  return code === 'attempt-too-long';
}

/** No failure of anything: the process ends. */
export const STOPPING = 'stopping';

export function stopping(application: string): PortError {
  return new PortError({
    kind: 'unavailable',
    code: STOPPING,
    attempted: `look after ${application}`,
    reason: 'rekeyd is stopping and begins nothing any more',
    remedy: 'Nothing to do: it goes on after the restart.',
    concerns: 'request',
  });
}
