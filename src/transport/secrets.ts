import { MissingSecret, type Secret, type SecretSource } from '../policy/secret.ts';
import { PortError } from '../rotation/errors.ts';

/** Reads a secret that a call needs. Throws `PortError` where it is not there: nothing was sent then. */
export async function readSecret(source: SecretSource, attempted: string): Promise<Secret> {
  try {
    return await source();
  } catch (error) {
    if (!(error instanceof MissingSecret)) throw error;
    throw new PortError({
      attempted,
      code: 'secret-missing',
      kind: 'rejected',
      reason: error.message,
      remedy: 'Set the variable or put the file there; it is read again at the next attempt.',
      concerns: 'server',
    });
  }
}
