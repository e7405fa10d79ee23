import type { ApplicationPolicy, Policy } from '../policy/policy.ts';
import { type MissingReference, secretSource } from '../policy/secrets.ts';
import { iso } from '../rotation/record.ts';
import { systemClock } from '../system.ts';
import { openVaultStore, type VaultStore } from '../vault/store.ts';
import { type Lending, lend } from './expiration.ts';
import { chosenApplications, readyPolicy } from './ready-policy.ts';
import { CannotBegin, EXIT, type Terminal } from './terminal.ts';

export interface CredentialsOptions {
  readonly config: string;
  readonly application: string;
}

/**
 * Prints what Vault holds for an application as the AWS SDKs' `credential_process` wants it: one JSON object, or nothing
 * at all and exit code 1. It needs of the policy's secrets only those of Vault, since it runs beside consumers.
 */
export async function credentialsCommand(options: CredentialsOptions, terminal: Terminal): Promise<number> {
  const needs = ({ path: [section] }: MissingReference) => section === 'vault';
  const ready = await readyPolicy(options.config, terminal, { needs });
  const { policy } = ready;
  const secretOf = (reference: Parameters<typeof secretSource>[0]) => secretSource(reference, terminal.env);
  const store = openVaultStore(policy.vault, { clock: systemClock, secretOf });
  try {
    chosenApplications(policy, [options.application]);
    const lending = await borrow(policy, options.application, store);
    terminal.write(`${JSON.stringify(processOutput(lending))}\n`);
    return EXIT.done;
  } finally {
    await store.close();
    await ready.release();
  }
}

async function borrow(policy: Policy, name: string, store: VaultStore): Promise<Lending> {
  const application = policy.applications.get(name) as ApplicationPolicy;
  const { path } = application;
  const now = systemClock.now();
  const stored = await store.read(path);
  if (stored.state !== 'present') throw unusable(application, MISSING[stored.state]);
  // it only decides for how long: whether it can be had must not depend on it
  const place = await store.place(path).catch(() => undefined);
  const lending = lend({ application, owner: policy.owner, place, stored, now });
  if ('why' in lending) throw unusable(application, lending.why);
  if (lending.expiresAt <= systemClock.now()) throw unusable(application, TOO_SHORT);
  return lending;
}

const MISSING = {
  absent: 'nothing was ever published there',
  deleted: 'its newest version was deleted',
  expired: 'its newest version has expired',
} as const;

const TOO_SHORT = 'its grace or consumers.refresh is over before it could be told';

function unusable({ name, path }: ApplicationPolicy, why: string): CannotBegin {
  return new CannotBegin(`there is no credential of ${name} to be had at ${path}: ${why}; see rekeyd status ${name}`);
}

/** The shape is AWS's; everything else on standard output would break the SDKs. */
function processOutput({ pair, expiresAt }: Lending) {
  return {
    Version: 1,
    AccessKeyId: pair.accessKeyId,
    SecretAccessKey: pair.secretAccessKey.reveal(),
    Expiration: iso(expiresAt),
  };
}
