import type { Logger } from 'pino';
import { startDaemon } from '../daemon.ts';
import type { PolicyDraft } from '../policy/load.ts';
import type { Policy } from '../policy/policy.ts';
import type { Outcome } from '../rotation/outcome.ts';
import { startConsumers } from '../sandbox/consumers.ts';
import { announce } from '../sandbox/rendezvous.ts';
import { startSandbox } from '../sandbox/sandbox.ts';
import { runOnce } from '../scheduler/once.ts';
import { cryptoHex, replicaName, systemClock } from '../system.ts';
import { createLogger, eventLogger } from '../telemetry/log.ts';
import { type HeldStandIns, type ReadyPolicy, readyPolicy, replicaParts } from './replica.ts';
import { problemText } from './status.ts';
import { EXIT, streamOf, type Terminal } from './terminal.ts';

export interface RunOptions {
  readonly config: string;
  readonly once: boolean;
}

/** Runs until told to stop, or everything that is due once. */
export async function runCommand(options: RunOptions, terminal: Terminal): Promise<number> {
  const ready = await readyPolicy(options.config, terminal, ownStandIns);
  const { level } = ready.policy.log;
  const logger = createLogger({ level, isPretty: terminal.isInteractive, destination: streamOf(terminal.write) });
  try {
    return options.once ? await once(ready, logger, terminal) : await untilStopped(ready, logger, terminal);
  } finally {
    await ready.release();
  }
}

/** `run` starts the stand-ins itself and lets other commands find them. */
async function ownStandIns(draft: PolicyDraft): Promise<HeldStandIns> {
  const sandbox = await startSandbox(draft.sandbox);
  for (const issuer of draft.issuers) sandbox.instanceFor(issuer);
  const withdraw = await announce(draft.file, sandbox);
  return {
    standIns: sandbox,
    release: async () => {
      await withdraw();
      await sandbox.close();
    },
  };
}

async function untilStopped(ready: ReadyPolicy, logger: Logger, terminal: Terminal): Promise<number> {
  let rotations = 0;
  const daemon = await startDaemon(ready.policy, {
    logger,
    clock: systemClock,
    random: cryptoHex,
    replica: replicaName(),
    policyLoadedAt: ready.loadedAt,
    env: terminal.env,
    hear: ({ event }) => {
      if (event === 'rotation.done') rotations += 1;
    },
  });
  const simulated = ready.policy.sandbox?.consumers;
  const endConsumers = simulated ? simulateConsumers(ready, () => rotations, logger) : undefined;
  await terminal.stopped;
  await endConsumers?.();
  await daemon.stop();
  return EXIT.done;
}

const REPORT_EVERY_MS = 3_000;

/** One consumer per application, and every few seconds a line that says how they fare. */
function simulateConsumers({ policy, standIns }: ReadyPolicy, done: () => number, logger: Logger): () => Promise<void> {
  if (!standIns) throw new Error('consumers are simulated in the sandbox only');
  const { vault, s3, roleId, secretId } = standIns;
  const consumers = startConsumers({
    applications: consumedOf(policy),
    vault: { address: vault, mount: policy.vault.mount },
    login: { roleId, secretId },
    s3: { endpoint: s3, region: 'sandbox' },
    clock: systemClock,
  });
  const say = () => {
    const { requests, failures, lastFailure } = consumers.counts();
    const rotations = done();
    const last = lastFailure ? ` (last: ${lastFailure.application}, ${lastFailure.code})` : '';
    const words = `rotations done: ${rotations} · consumer requests: ${requests} · consumer failures: ${failures}${last}`;
    logger.info({ event: 'sandbox.consumers', rotations, requests, failures }, words);
  };
  const timer = setInterval(say, REPORT_EVERY_MS);
  return async () => {
    clearInterval(timer);
    await consumers.stop();
    say();
  };
}

function consumedOf(policy: Policy) {
  return [...policy.applications.values()].map(({ name, path, consumers, fields }) => {
    const fieldOf = (template: string) => Object.keys(fields).find((field) => fields[field] === template) ?? '';
    const [accessKeyField, secretKeyField] = [fieldOf('{access_key_id}'), fieldOf('{secret_access_key}')];
    return { name, path, refreshMs: consumers.refreshMs, accessKeyField, secretKeyField };
  });
}

async function once(ready: ReadyPolicy, logger: Logger, terminal: Terminal): Promise<number> {
  const parts = replicaParts(ready, terminal, eventLogger(logger));
  const outcomes: Outcome[] = [];
  try {
    await runOnce({
      ...parts,
      clock: systemClock,
      applications: [...ready.policy.applications.keys()],
      onOutcome: (outcome) => outcomes.push(outcome),
    });
  } finally {
    await parts.close();
  }
  const troubled = outcomes.filter(({ trouble }) => trouble !== undefined);
  for (const { application, trouble } of troubled) {
    if (trouble) terminal.complain(problemText(`${application}: ${trouble.kind}`, trouble, 'red', terminal));
  }
  logger.info(
    { event: 'run.once', applications: outcomes.length, troubled: troubled.length },
    `looked after ${outcomes.length} applications once; ${troubled.length} in trouble`,
  );
  return troubled.length > 0 ? EXIT.failed : EXIT.done;
}
