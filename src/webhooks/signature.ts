import { createHmac } from 'node:crypto';
import type { Secret } from '../policy/secret.ts';
import { WEBHOOK_SECRET_HINT, webhookKeys } from '../policy/webhook-secret.ts';
import type { Message } from './message.ts';

/** The headers of Standard Webhooks, signed with each key of the secret. `at`: Unix ms, of this attempt. */
export function signedHeaders({ id, body }: Message, secret: Secret, at: number): Record<string, string> {
  const keys = webhookKeys(secret.reveal());
  if (!keys) throw new TypeError(`the secret ${WEBHOOK_SECRET_HINT}`);
  const timestamp = String(Math.floor(at / 1_000));
  const signed = `${id}.${timestamp}.${body}`;
  const signatures = keys.map((key) => `v1,${createHmac('sha256', key).update(signed).digest('base64')}`);
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures.join(' ') };
}
