import { dirname } from 'node:path';
import { isLoopback, parseListenAddress } from './address.ts';
import type { KeyPath, PolicyDocument } from './document.ts';
import type { StandIns } from './draft.ts';
import { msOf } from './merge.ts';
import type { Mistake } from './mistakes.ts';
import type { ApplicationPolicy, HttpPolicy, Policy, PolicyWarning, SandboxPolicy, WebhookPolicy } from './policy.ts';
import type { RawPolicy } from './schema.ts';
import { issuerOf, secretReferenceOf, vaultOf } from './servers.ts';
import { chosenEvents } from './webhook-events.ts';

/** A policy without mistakes, but for what running stand-ins have to tell. */
export interface PolicyDraft {
  readonly file: string;
  readonly sandbox?: SandboxPolicy;
  /** Names of its issuers. */
  readonly issuers: readonly string[];
  readonly applications: ReadonlyMap<string, ApplicationPolicy>;
  readonly warnings: readonly PolicyWarning[];
  readonly http: HttpPolicy;
  /** What is wrong with the value at a path of the file, as only a look around it shows. */
  mistakeAt(path: KeyPath, message: string): Mistake;
  /**
   * The whole policy. With `sandbox` in the file, what `vault` and the issuers leave out comes from the stand-ins;
   * throws a `TypeError` where something was left out and none are given.
   */
  complete(standIns?: StandIns): Policy;
}

const LISTEN = 'REKEYD_HTTP_LISTEN';
const ANY_PORT = { host: '127.0.0.1', port: 0 };

/** Everything that reading has found, without mistakes. */
export interface Findings {
  readonly file: string;
  /** The main file. */
  readonly main: PolicyDocument;
  readonly applications: ReadonlyMap<string, ApplicationPolicy>;
  readonly warnings: readonly PolicyWarning[];
  readonly env: NodeJS.ProcessEnv;
}

/** The draft of a policy: everything but what stand-ins have to tell. */
export function draftOf({ file, main, applications, warnings: found, env }: Findings): PolicyDraft {
  const raw = main.content as RawPolicy;
  const folder = dirname(file);
  const sandbox = raw.sandbox && sandboxOf(raw.sandbox);
  const http = httpOf(raw.http ?? {}, folder, env);
  const warnings = [...emptyWarnings(applications), ...httpWarnings(http), ...found];
  const fixed = { file, owner: raw.owner, applications, warnings, http, ...(sandbox && { sandbox }) };
  return {
    ...fixed,
    issuers: Object.keys(raw.issuers),
    mistakeAt: (path, message) => main.mistakeAt(path, message),
    complete: (standIns) => ({
      ...fixed,
      issuers: new Map(Object.entries(raw.issuers).map(([name, one]) => [name, issuerOf(name, one, folder, standIns)])),
      vault: vaultOf(raw.vault ?? {}, folder, standIns),
      scheduler: { resyncMs: msOf(raw.scheduler?.resync, '5m'), spreadMs: msOf(raw.scheduler?.spread, '10s') },
      log: { level: raw.log?.level ?? 'info' },
      webhooks: (raw.webhooks ?? []).map((webhook) => webhookOf(webhook, folder)),
    }),
  };
}

function sandboxOf(raw: NonNullable<RawPolicy['sandbox']>): SandboxPolicy {
  const address = (text: string | undefined) =>
    text === undefined ? ANY_PORT : (parseListenAddress(text) ?? ANY_PORT);
  return {
    glesys: address(raw.glesys),
    s3: address(raw.s3),
    vault: address(raw.vault),
    consumers: raw.consumers ?? false,
  };
}

function httpOf(raw: NonNullable<RawPolicy['http']>, folder: string, env: NodeJS.ProcessEnv): HttpPolicy {
  const listen = parseListenAddress(env[LISTEN] || (raw.listen ?? '127.0.0.1:8080')) ?? ANY_PORT;
  return { listen, ...(raw.token && { token: secretReferenceOf(raw.token, folder) }) };
}

function webhookOf(raw: NonNullable<RawPolicy['webhooks']>[number], folder: string): WebhookPolicy {
  return {
    url: raw.url,
    secret: secretReferenceOf(raw.secret, folder),
    events: chosenEvents(raw.events),
    after: raw.after ?? 1,
  };
}

function emptyWarnings({ size }: ReadonlyMap<string, ApplicationPolicy>): PolicyWarning[] {
  if (size > 0) return [];
  const message =
    'applications: there are none, so that rekeyd looks after nothing; add them here, or in files that `include` names.';
  return [{ code: 'no-applications', message }];
}

function httpWarnings({ listen: { host }, token }: HttpPolicy): PolicyWarning[] {
  if (token || isLoopback(host)) return [];
  const message = `http: ${host} is not loopback and http.token is not set: the API and the page answer 403 to everybody (health and metrics are open). Set http.token, or listen on 127.0.0.1.`;
  return [{ code: 'http-without-token', message }];
}

/** What is wrong with the address that the environment sets. */
export function listenMistakes(env: NodeJS.ProcessEnv): Mistake[] {
  const text = env[LISTEN];
  if (!text || parseListenAddress(text)) return [];
  const message = `${JSON.stringify(text)} is not an address to listen on; write host:port, as in 127.0.0.1:8080`;
  return [{ file: LISTEN, message }];
}
