import type { RandomHex } from '../../rotation/ports.ts';
import { type Answer, jsonAnswer } from '../server.ts';
import { uuid } from '../uuid.ts';

export type JsonObject = Record<string, unknown>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What a backend says: `data` or `auth` (200, or `status`), errors, or nothing at all (204). */
export interface Reply {
  readonly status?: number;
  readonly data?: JsonObject;
  readonly auth?: JsonObject;
  readonly warnings?: readonly string[];
  /** Members that Vault repeats beside `data`, for clients of long ago. */
  readonly beside?: JsonObject;
  readonly leaseSeconds?: number;
  readonly errors?: readonly string[];
}

export const nothing: Reply = { status: 204 };
export const notFound: Reply = { status: 404, errors: [] };
export const invalid = (...errors: string[]): Reply => ({ status: 400, errors });
/** A policy's refusal. Only the refusal of a dead token contains `invalid token`. */
export const denied: Reply = { status: 403, errors: ['1 error occurred:\n\t* permission denied\n\n'] };
export const tokenMissing: Reply = { status: 403, errors: ['permission denied'] };
export const tokenDead: Reply = {
  status: 403,
  errors: ['2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n'],
};
export const sealed: Reply = { status: 503, errors: ['Vault is sealed'] };

/** The reply in Vault's envelope, with members in its order. */
export function wrap(reply: Reply, mountType: string, random: RandomHex): Answer {
  if (reply.errors !== undefined) return jsonAnswer(reply.status ?? 400, { errors: reply.errors });
  const isEmpty = [reply.data, reply.auth, reply.warnings].every((part) => part === undefined);
  if (isEmpty) return { status: reply.status ?? 204 };
  return jsonAnswer(reply.status ?? 200, {
    ...reply.beside,
    request_id: uuid(random),
    lease_id: '',
    renewable: false,
    lease_duration: reply.leaseSeconds ?? 0,
    data: reply.data ?? null,
    wrap_info: null,
    warnings: reply.warnings ?? null,
    auth: reply.auth ?? null,
    mount_type: reply.status === 404 ? '' : mountType,
  });
}
