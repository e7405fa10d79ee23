import type { Policy } from '../policy/policy.ts';
import type { Outcome } from '../rotation/outcome.ts';
import { REFUSALS } from '../rotation/refusals.ts';
import { runOnce } from '../scheduler/once.ts';
import { createLogger, eventLogger } from '../telemetry/log.ts';
import { chosenApplications, withReplica } from './replica.ts';
import { paint } from './table.ts';
import { EXIT, streamOf, type Terminal, UsageError } from './terminal.ts';
import { remarksText, wrongsOf, wrongsText } from './wrongs.ts';

export interface RotateOptions {
  readonly config: string;
  readonly applications: readonly string[];
  readonly all: boolean;
  readonly despite: readonly string[];
  readonly json: boolean;
}

/** Rotates the named applications, or all, now. Exit code 1 where any failed, is refused or blocked. */
export function rotateCommand(options: RotateOptions, terminal: Terminal): Promise<number> {
  complainAboutCall(options);
  const logger = createLogger({
    level: 'info',
    isPretty: terminal.isInteractive,
    destination: streamOf(terminal.complain),
  });
  return withReplica(options.config, terminal, eventLogger(logger), async (parts) => {
    const applications = chosenApplications(parts.policy, options.applications);
    const ended: Ended[] = [];
    const left = await runOnce({
      ...parts,
      clock: parts.options.clock,
      applications,
      request: { rotate: true, despite: options.despite },
      stopped: terminal.stopped,
      onOutcome: (outcome, rotated) => ended.push({ outcome, rotated }),
    });
    terminal.write(options.json ? asJson(ended) : asText(ended, parts.policy, terminal));
    if (left > 0) terminal.complain(`stopped before ${left} more\n`);
    return left === 0 && ended.every(isWell) ? EXIT.done : EXIT.failed;
  });
}

interface Ended {
  readonly outcome: Outcome;
  readonly rotated: boolean;
}

function isWell({ outcome, rotated }: Ended): boolean {
  return rotated && wrongsOf(outcome).length === 0;
}

function complainAboutCall({ applications, all, despite }: RotateOptions): void {
  if (all && applications.length > 0) throw new UsageError('name applications or say --all, not both');
  if (!all && applications.length === 0) throw new UsageError('name the applications to rotate, or say --all');
  if (despite.length === 0) return;
  if (applications.length !== 1) throw new UsageError('--despite is for one application at a time, named');
  const liftable = REFUSALS.filter((refusal) => refusal.liftable).map(({ code }) => code);
  const wrong = despite.filter((code) => !liftable.includes(code));
  if (wrong.length > 0)
    throw new UsageError(`--despite ${wrong.join(', ')}: only these can be lifted: ${liftable.join(', ')}`);
}

function asJson(ended: readonly Ended[]): string {
  const lines = ended.map(({ outcome, rotated }) => ({
    application: outcome.application,
    rotated,
    generation: outcome.view?.generation,
    access_key_id: outcome.view?.current?.accessKeyId,
    trouble: outcome.trouble,
    notices: outcome.notices,
  }));
  return `${JSON.stringify(lines, null, 2)}\n`;
}

/** What was done, line by line, and below it what went wrong. */
function asText(ended: readonly Ended[], policy: Policy, terminal: Terminal): string {
  const outcomes = ended.map(({ outcome }) => outcome);
  const lines = ended.map((one) => lineOf(one, terminal)).join('');
  const problems = wrongsText(outcomes, policy, terminal) + remarksText(outcomes, policy, terminal);
  const done = ended.filter(({ rotated }) => rotated).length;
  return `${lines}${problems}${problems === '' ? '' : '\n'}${done} of ${ended.length} rotated\n`;
}

function lineOf({ outcome, rotated }: Ended, terminal: Terminal): string {
  const { application, view } = outcome;
  if (!rotated) return wrongsOf(outcome).length > 0 ? '' : `${application}: not rotated\n`;
  const lives = view?.superseded
    .filter(({ revokeAt }) => revokeAt !== null)
    .map(({ accessKeyId, revokeAt }) => {
      return `${accessKeyId} lives until ${new Date(revokeAt ?? 0).toISOString()}`;
    });
  const grace = lives && lives.length > 0 ? `; ${lives.join(', ')}` : '';
  return `${application}: ${paint('green', 'rotated', terminal)} to generation ${view?.generation} (${view?.current?.accessKeyId})${grace}\n`;
}
