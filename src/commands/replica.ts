import { buildParts, type Parts } from '../parts.ts';
import type { StandIns } from '../policy/draft.ts';
import { type PolicyDraft, readPolicy } from '../policy/load.ts';
import type { Policy } from '../policy/policy.ts';
import { missingReferences } from '../policy/secrets.ts';
import type { Report } from '../rotation/events.ts';
import { findAnnounced } from '../sandbox/rendezvous.ts';
import { type Sandbox, startSandbox } from '../sandbox/sandbox.ts';
import { cryptoHex, replicaName, systemClock } from '../system.ts';
import { createLogger } from '../telemetry/log.ts';
import { startingStandIns } from './listening.ts';
import { streamOf, type Terminal, UsageError } from './terminal.ts';

/** Stand-ins, and what to do when they are needed no more. */
export interface HeldStandIns {
  readonly standIns: StandIns;
  /** Tells other commands where the daemon's HTTP server answers. */
  readonly tellHttp?: (url: string) => Promise<void>;
  readonly release: () => Promise<void>;
}

/** A policy as it can be acted on, with the stand-ins that belong to it. */
export interface ReadyPolicy {
  readonly policy: Policy;
  readonly loadedAt: number;
  readonly standIns: StandIns | undefined;
  readonly tellHttp: (url: string) => Promise<void>;
  readonly release: () => Promise<void>;
}

/**
 * Reads the policy, has the stand-ins it asks for, and makes sure that every secret reference leads somewhere. Throws
 * `PolicyError` or `UsageError`.
 */
export async function readyPolicy(
  file: string,
  terminal: Terminal,
  hold: (draft: PolicyDraft, terminal: Terminal) => Promise<HeldStandIns> = borrowStandIns,
): Promise<ReadyPolicy> {
  const loadedAt = systemClock.now();
  const draft = await readPolicy(file, terminal.env, loadedAt);
  const held = draft.sandbox ? await hold(draft, terminal) : undefined;
  const { release = async () => {}, tellHttp = async () => {} } = held ?? {};
  try {
    const policy = draft.complete(held?.standIns);
    const missing = await missingReferences(policy, terminal.env);
    if (missing.length > 0) throw new UsageError(missing.join('\n'));
    return { policy, loadedAt, standIns: held?.standIns, tellHttp, release };
  } catch (error) {
    await release();
    throw error;
  }
}

/** Those of a daemon that already runs with this policy; new ones, for the length of a command, where there is none. */
async function borrowStandIns(draft: PolicyDraft, terminal: Terminal): Promise<HeldStandIns> {
  const announced = await findAnnounced(draft.file);
  if (announced) return { standIns: announced, release: async () => {} };
  remark('sandbox.own', 'no daemon runs with this policy: looking at an empty sandbox of its own', terminal);
  const sandbox = await startPolicySandbox(draft);
  return { standIns: sandbox, release: () => sandbox.close() };
}

/** The stand-ins that a policy asks for, where it wants them. */
export function startPolicySandbox({ sandbox }: PolicyDraft): Promise<Sandbox> {
  return startingStandIns(
    (server) => `sandbox.${server} in the policy`,
    () => startSandbox(sandbox),
  );
}

/** Something worth knowing beside the result: in words for a person who reads along, a log line otherwise. */
function remark(event: string, text: string, terminal: Terminal): void {
  if (terminal.isInteractive) terminal.complain(`${text}\n`);
  else createLogger({ level: 'warn', isPretty: false, destination: streamOf(terminal.complain) }).warn({ event }, text);
}

/** A command is one more replica: it needs no daemon, and any number may act at the same moment. */
export function replicaParts({ policy, loadedAt }: ReadyPolicy, terminal: Terminal, report: Report): Parts {
  return buildParts(policy, {
    clock: systemClock,
    random: cryptoHex,
    replica: replicaName(),
    report,
    policyLoadedAt: loadedAt,
    env: terminal.env,
  });
}

/** Runs `use` with a replica and tidies up after it, however it ends. */
export async function withReplica<T>(
  file: string,
  terminal: Terminal,
  report: Report,
  use: (parts: Parts) => Promise<T>,
): Promise<T> {
  const ready = await readyPolicy(file, terminal);
  const parts = replicaParts(ready, terminal, report);
  try {
    return await use(parts);
  } finally {
    await parts.close();
    await ready.release();
  }
}

/** The applications that were named, each once, or all. Throws `UsageError` for one that the policy does not have. */
export function chosenApplications(policy: Policy, names: readonly string[]): readonly string[] {
  const unknown = names.filter((name) => !policy.applications.has(name));
  if (unknown.length === 0) return names.length > 0 ? [...new Set(names)] : [...policy.applications.keys()];
  const known = [...policy.applications.keys()].slice(0, 20).join(', ');
  throw new UsageError(`the policy has no application ${unknown.join(', ')}; it has ${known || 'none'}`);
}
