import type { Logger } from 'pino';
import type { StandIns } from '../policy/draft.ts';
import type { ApplicationPolicy, Policy } from '../policy/policy.ts';
import type { Clock } from '../rotation/ports.ts';
import { type ConsumedApplication, type Consumers, startConsumers } from './consumers.ts';

export interface DemonstrationOptions {
  readonly policy: Policy;
  readonly standIns: StandIns;
  readonly clock: Clock;
  readonly logger: Pick<Logger, 'info'>;
  /** How many rotations were done so far. */
  readonly rotations: () => number;
}

const REPORT_EVERY_MS = 3_000;

/**
 * One simulated consumer per application, and every few seconds a line that says how they fare. What it returns ends
 * them and says it a last time.
 */
export function startDemonstration(options: DemonstrationOptions): () => Promise<void> {
  const { policy, standIns, clock } = options;
  const consumers = startConsumers({
    applications: [...policy.applications.values()].map(consumedOf),
    vault: { address: standIns.vault, mount: policy.vault.mount },
    login: { roleId: standIns.roleId, secretId: standIns.secretId },
    s3: { endpoint: standIns.s3, region: 'sandbox' },
    clock,
  });
  const timer = setInterval(() => tell(consumers, options), REPORT_EVERY_MS);
  return async () => {
    clearInterval(timer);
    await consumers.stop();
    tell(consumers, options);
  };
}

function tell(consumers: Consumers, { logger, rotations: done }: DemonstrationOptions): void {
  const { requests, failures, lastFailure } = consumers.counts();
  const rotations = done();
  const last = lastFailure ? ` (last: ${lastFailure.application}, ${lastFailure.code})` : '';
  const words = `rotations done: ${rotations} · consumer requests: ${requests} · consumer failures: ${failures}${last}`;
  logger.info({ event: 'sandbox.consumers', rotations, requests, failures }, words);
}

/** The application as its consumer knows it. */
function consumedOf({ name, path, consumers, fields }: ApplicationPolicy): ConsumedApplication {
  const fieldOf = (template: string) => Object.keys(fields).find((field) => fields[field] === template) ?? '';
  const [accessKeyField, secretKeyField] = [fieldOf('{access_key_id}'), fieldOf('{secret_access_key}')];
  return { name, path, refreshMs: consumers.refreshMs, accessKeyField, secretKeyField };
}
