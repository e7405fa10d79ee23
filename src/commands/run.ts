import type { Logger } from 'pino';
import { startDaemon } from '../daemon.ts';
import type { PolicyDraft } from '../policy/load.ts';
import type { Outcome } from '../rotation/outcome.ts';
import { startDemonstration } from '../sandbox/demonstration.ts';
import { announce, findAnnounced } from '../sandbox/rendezvous.ts';
import { runOnce } from '../scheduler/once.ts';
import { cryptoHex, replicaName, systemClock } from '../system.ts';
import { createLogger, eventLogger } from '../telemetry/log.ts';
import { counted } from './count.ts';
import { listeningAt } from './listening.ts';
import { type HeldStandIns, type ReadyPolicy, readyPolicy, replicaParts, startPolicySandbox } from './replica.ts';
import { EXIT, streamOf, type Terminal, UsageError } from './terminal.ts';
import { wrongsOf, wrongsText } from './wrongs.ts';

export interface RunOptions {
  readonly config: string;
  readonly once: boolean;
}

/** Runs until told to stop, or everything that is due once. */
export async function runCommand(options: RunOptions, terminal: Terminal): Promise<number> {
  const ready = await (options.once
    ? readyPolicy(options.config, terminal)
    : readyPolicy(options.config, terminal, ownStandIns));
  const { level } = ready.policy.log;
  const destination = streamOf(options.once ? terminal.complain : terminal.write);
  const logger = createLogger({ level, isPretty: terminal.isInteractive, destination });
  try {
    return options.once ? await once(ready, logger, terminal) : await untilStopped(ready, logger, terminal);
  } finally {
    await ready.release();
  }
}

/** A daemon starts the stand-ins itself and lets other commands find them. */
async function ownStandIns(draft: PolicyDraft): Promise<HeldStandIns> {
  if (await findAnnounced(draft.file))
    throw new UsageError(
      'a daemon already runs with this policy; stop it first. The other commands, `run --once` too, act beside it in its sandbox',
    );
  const sandbox = await startPolicySandbox(draft);
  for (const issuer of draft.issuers) sandbox.instanceFor(issuer);
  const announcement = await announce(draft.file, sandbox);
  return {
    standIns: sandbox,
    tellHttp: announcement.addHttp,
    release: async () => {
      await announcement.withdraw();
      await sandbox.close();
    },
  };
}

async function untilStopped(ready: ReadyPolicy, logger: Logger, terminal: Terminal): Promise<number> {
  let rotations = 0;
  const daemon = await listeningAt(ready.policy.http.listen, 'http.listen in the policy or REKEYD_HTTP_LISTEN', () =>
    startDaemon(ready.policy, {
      logger,
      clock: systemClock,
      random: cryptoHex,
      replica: replicaName(),
      policyLoadedAt: ready.loadedAt,
      env: terminal.env,
      hear: ({ event }) => {
        if (event === 'rotation.done') rotations += 1;
      },
    }),
  );
  await ready.tellHttp(daemon.http.url);
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
  let left: number;
  try {
    left = await runOnce({
      ...parts,
      clock: systemClock,
      applications: [...ready.policy.applications.keys()],
      stopped: terminal.stopped,
      onOutcome: (outcome) => outcomes.push(outcome),
    });
  } finally {
    await parts.close();
  }
  const troubled = outcomes.filter((outcome) => wrongsOf(outcome).length > 0);
  terminal.write(wrongsText(troubled, ready.policy, terminal));
  const whole = `looked after ${counted(outcomes.length, 'application')} once; ${troubled.length} in trouble`;
  const summary = left === 0 ? whole : `${whole}; stopped before ${left} more`;
  // a person who reads along sees both, and needs it once
  if (!terminal.isInteractive)
    logger.info({ event: 'run.once', applications: outcomes.length, troubled: troubled.length }, summary);
  terminal.write(`${summary}\n`);
  return troubled.length + left > 0 ? EXIT.failed : EXIT.done;
}
