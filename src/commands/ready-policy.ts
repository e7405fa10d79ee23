import type { StandIns } from '../policy/draft.ts';
import { type PolicyDraft, PolicyError, readPolicy } from '../policy/load.ts';
import type { Policy } from '../policy/policy.ts';
import { type MissingReference, missingReferences } from '../policy/secrets.ts';
import type { PolicySources } from '../policy/sources.ts';
import { findAnnounced } from '../sandbox/rendezvous.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';
import { systemClock } from '../system.ts';
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

/** References to secrets lead nowhere; somebody may put the secrets there without touching the policy. */
export class MissingReferences extends PolicyError {}

export interface ReadyOptions {
  readonly hold?: (draft: PolicyDraft, terminal: Terminal) => Promise<HeldStandIns>;
  /** Whether a reference that leads nowhere matters. */
  readonly needs?: (missing: MissingReference) => boolean;
  /** Learns what was read. */
  readonly sources?: PolicySources;
}

/**
 * Reads the policy, has the stand-ins it asks for, and makes sure that every secret reference that is needed leads somewhere. Throws
 * `PolicyError` or `UsageError`.
 */
export async function readyPolicy(
  file: string,
  terminal: Terminal,
  { hold = borrowStandIns, needs = () => true, sources }: ReadyOptions = {},
): Promise<ReadyPolicy> {
  const loadedAt = systemClock.now();
  const draft = await readPolicy(file, terminal.env, loadedAt, sources);
  const held = draft.sandbox ? await hold(draft, terminal) : undefined;
  const { release = async () => {}, tellHttp = async () => {} } = held ?? {};
  try {
    const policy = draft.complete(held?.standIns);
    const missing = (await missingReferences(policy, terminal.env)).filter(needs);
    const mistakes = missing.map(({ path, message }) => draft.mistakeAt(path, message));
    if (mistakes.length > 0) throw new MissingReferences(mistakes);
    return { policy, loadedAt, standIns: held?.standIns, tellHttp, release };
  } catch (error) {
    await release();
    throw error;
  }
}

/** Reads the policy of a daemon that runs, with the stand-ins that it has, anew. Throws as `readyPolicy` does. */
export async function readAnew(
  { policy: { file }, standIns }: ReadyPolicy,
  terminal: Terminal,
  sources: PolicySources,
): Promise<Pick<ReadyPolicy, 'policy' | 'loadedAt'>> {
  const hold = async () => {
    if (standIns) return { standIns, release: async () => {} };
    throw new UsageError(`${file}: sandbox: stand-ins start with rekeyd only; restart it, or take this out again`);
  };
  return readyPolicy(file, terminal, { hold, sources });
}

/** Those of a daemon that already runs with this policy; new ones, for the length of a command, where there is none. */
async function borrowStandIns(draft: PolicyDraft, terminal: Terminal): Promise<HeldStandIns> {
  const announced = await findAnnounced(draft.file);
  if (announced) return { standIns: announced, release: async () => {} };
  await remark('sandbox.own', 'no daemon runs with this policy: looking at an empty sandbox of its own', terminal);
  const sandbox = await startPolicySandbox(draft);
  return { standIns: sandbox, release: () => sandbox.close() };
}

/** The stand-ins that a policy asks for, where it wants them. */
export async function startPolicySandbox({ sandbox }: PolicyDraft): Promise<Sandbox> {
  const { startSandbox } = await import('../sandbox/sandbox.ts');
  const { startingStandIns } = await import('./listening.ts');
  return startingStandIns(
    (server) => `sandbox.${server} in the policy`,
    () => startSandbox(sandbox),
  );
}

/** Something worth knowing beside the result: in words for a person who reads along, a log line otherwise. */
async function remark(event: string, text: string, terminal: Terminal): Promise<void> {
  if (terminal.isInteractive) {
    terminal.complain(`${text}\n`);
    return;
  }
  const { createLogger } = await import('../telemetry/log.ts');
  createLogger({ level: 'warn', isPretty: false, destination: streamOf(terminal.complain) }).warn({ event }, text);
}

/** The applications that were named, each once, or all. Throws `UsageError` for one that the policy does not have. */
export function chosenApplications(policy: Policy, names: readonly string[]): readonly string[] {
  const unknown = names.filter((name) => !policy.applications.has(name));
  if (unknown.length === 0) return names.length > 0 ? [...new Set(names)] : [...policy.applications.keys()];
  const known = [...policy.applications.keys()].slice(0, 20).join(', ');
  throw new UsageError(`the policy has no application ${unknown.join(', ')}; it has ${known || 'none'}`);
}
