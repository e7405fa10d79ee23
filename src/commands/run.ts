import type { Logger } from 'pino';
import { startDaemon } from '../daemon.ts';
import type { PolicyDraft } from '../policy/load.ts';
import type { Outcome } from '../rotation/outcome.ts';
import { startDemonstration } from '../sandbox/demonstration.ts';
import { announce } from '../sandbox/rendezvous.ts';
import { startSandbox } from '../sandbox/sandbox.ts';
import { runOnce } from '../scheduler/once.ts';
import { cryptoHex, replicaName, systemClock } from '../system.ts';
import { createLogger, eventLogger } from '../telemetry/log.ts';
import { type HeldStandIns, type ReadyPolicy, readyPolicy, replicaParts } from './replica.ts';
import { EXIT, streamOf, type Terminal } from './terminal.ts';
import { wrongsOf, wrongsText } from './wrongs.ts';

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
  const { policy, standIns } = ready;
  const endDemonstration =
    standIns && policy.sandbox?.consumers
      ? startDemonstration({ policy, standIns, clock: systemClock, logger, rotations: () => rotations })
      : undefined;
  await terminal.stopped;
  await endDemonstration?.();
  await daemon.stop();
  return EXIT.done;
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
  const troubled = outcomes.filter((outcome) => wrongsOf(outcome).length > 0);
  for (const outcome of troubled) terminal.complain(wrongsText(outcome, terminal));
  logger.info(
    { event: 'run.once', applications: outcomes.length, troubled: troubled.length },
    `looked after ${outcomes.length} applications once; ${troubled.length} in trouble`,
  );
  return troubled.length > 0 ? EXIT.failed : EXIT.done;
}
