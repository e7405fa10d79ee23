import type { Logger } from 'pino';
import { startDaemon } from '../daemon.ts';
import type { PolicyDraft } from '../policy/load.ts';
import type { Policy } from '../policy/policy.ts';
import { PolicySources } from '../policy/sources.ts';
import type { Outcome } from '../rotation/outcome.ts';
import { announce, findAnnounced } from '../sandbox/rendezvous.ts';
import { runOnce } from '../scheduler/once.ts';
import { cryptoHex, replicaName, systemClock } from '../system.ts';
import { createLogger, eventLogger } from '../telemetry/log.ts';
import { counted } from './count.ts';
import { Hangups } from './hangups.ts';
import { listeningAt } from './listening.ts';
import { type HeldStandIns, type ReadyPolicy, readAnew, readyPolicy, startPolicySandbox } from './ready-policy.ts';
import { Reloading } from './reload.ts';
import { replicaParts } from './replica.ts';
import { EXIT, streamOf, type Terminal, UsageError } from './terminal.ts';
import { wrongsOf, wrongsText } from './wrongs.ts';

export interface RunOptions {
  readonly config: string;
  readonly once: boolean;
}

/** Runs until told to stop, or everything that is due once. */
export async function runCommand(options: RunOptions, terminal: Terminal): Promise<number> {
  const sources = new PolicySources(options.config);
  const hangups = new Hangups(!options.once);
  const ready = await (options.once
    ? readyPolicy(options.config, terminal)
    : readyPolicy(options.config, terminal, { hold: ownStandIns, sources }));
  const { level } = ready.policy.log;
  const destination = streamOf(options.once ? terminal.complain : terminal.write);
  const logger = createLogger({ level, isPretty: terminal.isInteractive, destination });
  try {
    if (options.once) return await once(ready, logger, terminal);
    return await untilStopped(ready, { logger, terminal, sources, hangups });
  } finally {
    hangups.ignore();
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

interface Surroundings {
  readonly logger: Logger;
  readonly terminal: Terminal;
  readonly sources: PolicySources;
  readonly hangups: Hangups;
}

async function untilStopped(ready: ReadyPolicy, { logger, terminal, sources, hangups }: Surroundings): Promise<number> {
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
      ? (await import('../sandbox/demonstration.ts')).startDemonstration({
          policy,
          standIns,
          clock: systemClock,
          logger,
          rotations: () => rotations,
        })
      : undefined;
  const read = () => readAnew(ready, terminal, sources);
  const target = {
    refuse: (message: string) => daemon.refuse(message),
    reload: (anew: Policy, loadedAt: number) => {
      daemon.reload(anew, loadedAt);
      // other commands may need the stand-ins' instances of new issuers
      void ready.tellHttp(daemon.http.url);
    },
  };
  const reloading = new Reloading({ sources, read, target });
  hangups.hear(() => reloading.ask());
  await terminal.stopped;
  await reloading.stop();
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
