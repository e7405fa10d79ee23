import type { Logger } from 'pino';
import type { Policy, SecretReference } from '../policy/policy.ts';
import { secretSource } from '../policy/secrets.ts';
import { WEBHOOK_EVENTS, type WebhookEvent } from '../policy/webhook-events.ts';
import type { Report, RotationEvent } from '../rotation/events.ts';
import type { Clock, RandomHex } from '../rotation/ports.ts';
import { eventLogger, fieldsOf, logCircuit } from '../telemetry/log.ts';
import { messageOf } from '../telemetry/messages.ts';
import type { DeliveryResult } from '../telemetry/metrics.ts';
import type { ServerHealth } from '../telemetry/server-health.ts';
import type { EndpointTimes } from '../webhooks/endpoint.ts';
import { Webhooks } from '../webhooks/webhooks.ts';
import { deliveryLog } from './delivery-log.ts';

export interface TellingOptions {
  readonly logger: Logger;
  readonly clock: Clock;
  readonly random: RandomHex;
  readonly replica: string;
  readonly env: NodeJS.ProcessEnv;
  readonly owner: string;
  readonly countDelivery: (result: DeliveryResult) => void;
  readonly webhookTimes?: EndpointTimes;
}

const TOLD: ReadonlySet<string> = new Set(WEBHOOK_EVENTS);

function isTold(event: string): event is WebhookEvent {
  return TOLD.has(event);
}

/** The log and the webhooks of a daemon: they are told the same, by the same names. */
export class Telling {
  readonly #options: TellingOptions;
  readonly #log: Report;
  readonly #webhooks: Webhooks;
  readonly #circuits = new WeakSet<ServerHealth>();

  constructor(options: TellingOptions) {
    const { logger, clock, random, replica, env, owner } = options;
    this.#options = options;
    this.#log = eventLogger(logger, () => clock.now());
    this.#webhooks = new Webhooks({
      teller: { owner, replica },
      secretOf: (reference: SecretReference) => secretSource(reference, env),
      now: () => clock.now(),
      newId: () => `msg_${random(16)}`,
      listener: deliveryLog(logger, options.countDelivery),
      ...(options.webhookTimes && { times: options.webhookTimes }),
    });
  }

  /** Tells whom the policy names, and of these servers. */
  govern({ webhooks }: Policy, circuits: readonly ServerHealth[]): void {
    this.#webhooks.govern(webhooks);
    for (const circuit of circuits) {
      if (!this.#circuits.has(circuit)) this.#follow(circuit);
      this.#circuits.add(circuit);
    }
  }

  /** Of an application. */
  event(event: RotationEvent): void {
    this.#log(event);
    const { event: name, application } = event;
    if (!isTold(name)) return;
    const { event: _name, ...details } = fieldsOf(event);
    this.#webhooks.tell({ event: name, at: this.#now, message: messageOf(event), application, details });
  }

  warnings({ warnings }: Policy, before?: Policy): void {
    const known = new Set(before?.warnings.map(({ message }) => message));
    for (const { code, application, message } of warnings) {
      if (!known.has(message)) this.#options.logger.warn({ event: 'policy.warning', code, application }, message);
    }
  }

  /** `since`: when the policy in force was read (Unix ms). */
  refused(reason: string, since: number): void {
    const message = `the changed policy is refused, the one of ${new Date(since).toISOString()} goes on:\n${reason}`;
    const details = { code: 'policy-refused', reason };
    this.#options.logger.error({ event: 'policy.refused', ...details }, message);
    this.#webhooks.tell({ event: 'policy.refused', at: this.#now, message, details });
  }

  /** `waiting`: what of it waits for a restart. */
  reloaded(message: string, details: Readonly<Record<string, unknown>>, waiting: readonly string[]): void {
    this.#options.logger.info({ event: 'policy.reloaded', ...details }, message);
    this.#webhooks.tell({ event: 'policy.reloaded', at: this.#now, message, details });
    for (const reason of waiting) {
      const fields = { event: 'policy.waits_for_restart', code: 'policy-waits-for-restart', reason };
      this.#options.logger.warn(fields, reason);
    }
  }

  /** Tells what it can in a bounded time, and nothing more. */
  close(): Promise<void> {
    return this.#webhooks.close();
  }

  get #now(): number {
    return this.#options.clock.now();
  }

  #follow(circuit: ServerHealth): void {
    const { server } = circuit;
    logCircuit(this.#options.logger, circuit);
    circuit.onOpen(() => {
      const { reason, remedy } = circuit.lastFailure ?? {};
      const message = `${server} fails for everybody and is only probed for now: ${reason ?? 'unknown'}`;
      const details = { server, code: circuit.code, reason, remedy };
      this.#webhooks.tell({ event: 'circuit.opened', at: this.#now, message, details });
    });
    circuit.onClose(() =>
      this.#webhooks.tell({
        event: 'circuit.closed',
        at: this.#now,
        message: `${server} answers again`,
        details: { server },
      }),
    );
  }
}
