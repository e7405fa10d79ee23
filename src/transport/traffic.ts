import { TLSSocket } from 'node:tls';
import { type FailureKind, PortError } from '../rotation/errors.ts';

/** Hears how calls to one server go. Nothing secret in it. */
export interface Traffic {
  /** A call ended, after so many ms: `ok`, or with what kind of failure. */
  called(result: 'ok' | FailureKind, durationMs: number): void;
  /** At a TLS handshake the server showed a certificate that is good until then (Unix ms). */
  certified(expiresAt: number): void;
}

/** Times a call. `resultOf`: what an answer means; what is thrown goes on as it came. */
export async function timed<T>(
  traffic: Traffic | undefined,
  call: () => Promise<T>,
  resultOf: (answer: T) => 'ok' | FailureKind = () => 'ok',
): Promise<T> {
  const from = performance.now();
  const told = (result: 'ok' | FailureKind) => traffic?.called(result, performance.now() - from);
  try {
    const answer = await call();
    told(resultOf(answer));
    return answer;
  } catch (error) {
    told(error instanceof PortError ? error.kind : 'ambiguous');
    throw error;
  }
}

/** Tells of the certificate on a new connection; one without TLS shows none. */
export function tellCertificate(traffic: Traffic | undefined, socket: unknown): void {
  if (!traffic || !(socket instanceof TLSSocket)) return;
  const expiresAt = Date.parse(socket.getPeerCertificate().valid_to);
  // a resumed session may come without
  if (!Number.isNaN(expiresAt)) traffic.certified(expiresAt);
}
