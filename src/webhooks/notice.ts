import type { WebhookEvent } from '../policy/webhook-events.ts';

/** Something that somebody may want to be told of. Never a secret in it. */
export interface Notice {
  readonly event: WebhookEvent;
  /** Unix ms. */
  readonly at: number;
  /** In plain words. */
  readonly message: string;
  /** The application that it is about, if one. */
  readonly application?: string;
  /** By names in snake_case. */
  readonly details: Readonly<Record<string, unknown>>;
}
