import type { Logger } from 'pino';
import { formatDuration } from '../policy/duration.ts';
import type { DeliveryResult } from '../telemetry/metrics.ts';
import type { DeliveryListener } from '../webhooks/endpoint.ts';

/** Says what becomes of webhooks: where a receiver fails once and not for each attempt, and each message that is lost. */
export function deliveryLog(logger: Logger, count: (result: DeliveryResult) => void): DeliveryListener {
  const failing = new Set<string>();
  return {
    delivered: (receiver) => {
      count('delivered');
      if (failing.delete(receiver))
        logger.info({ event: 'webhook.recovered', receiver }, `${receiver} takes webhooks again`);
    },
    retried: (receiver, reason, pausing) => {
      count('retried');
      if (failing.has(receiver)) return;
      failing.add(receiver);
      const words = `a webhook to ${receiver} failed: ${reason}; it is tried again in ${formatDuration(Math.round(pausing))}`;
      logger.warn({ event: 'webhook.failed', receiver, reason }, words);
    },
    dropped: (receiver, reason, messages) => {
      for (let message = 0; message < messages; message += 1) count('dropped');
      const words = `${messages} webhook${messages === 1 ? '' : 's'} to ${receiver} given up: ${reason}`;
      logger.error({ event: 'webhook.dropped', receiver, reason, messages }, words);
    },
    disabled: (receiver) => {
      const words = `${receiver} answered 410 and is told nothing more until the policy is read anew; take it out of the policy, or mend it`;
      logger.error({ event: 'webhook.disabled', receiver }, words);
    },
  };
}
