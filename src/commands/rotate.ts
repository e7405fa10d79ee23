import type { Parts } from '../parts.ts';
import type { RotationEvent } from '../rotation/events.ts';
import { REFUSALS } from '../rotation/refusals.ts';
import { runOnce } from '../scheduler/once.ts';
import { createLogger, eventLogger } from '../telemetry/log.ts';
import { namesText } from './concerns.ts';
import { progressOn } from './progress.ts';
import { chosenApplications } from './ready-policy.ts';
import { withReplica } from './replica.ts';
import { type Ended, isWell, rotatedAsJson, rotatedAsText } from './rotated-text.ts';
import { EXIT, streamOf, type Terminal, UsageError } from './terminal.ts';

export interface RotateOptions {
  readonly config: string;
  readonly applications: readonly string[];
  readonly all: boolean;
  readonly despite: readonly string[];
  readonly json: boolean;
}

/**
 * Rotates the named applications, or all, now: a bar shows how far it is, and at the end stands what succeeded and what
 * did not. Exit code 1 where any failed, is refused or blocked.
 */
export function rotateCommand(options: RotateOptions, terminal: Terminal): Promise<number> {
  complainAboutCall(options);
  const tell = teller(terminal);
  const rotate = async (parts: Parts): Promise<number> => {
    const applications = chosenApplications(parts.policy, options.applications);
    tell.begin(applications.length);
    const ended: Ended[] = [];
    const left = await runOnce({
      ...parts,
      clock: parts.options.clock,
      applications,
      request: { rotate: true, despite: options.despite },
      stopped: terminal.stopped,
      onOutcome: (outcome, rotated) => {
        ended.push({ outcome, rotated });
        tell.step();
      },
    }).finally(tell.end);
    terminal.write(options.json ? rotatedAsJson(ended) : rotatedAsText(ended, parts.policy, terminal));
    if (left > 0) terminal.complain(`${leftText(applications, ended)}\n`);
    return left === 0 && ended.every(isWell) ? EXIT.done : EXIT.failed;
  };
  return withReplica(options.config, terminal, rotate, tell.report);
}

/** What a person hears meanwhile: of one application its events, of many a bar and what is worth a warning. */
function teller(terminal: Terminal) {
  let progress = progressOn(terminal, 0);
  const destination = streamOf((text) => progress.beside(text));
  const logger = createLogger({ level: 'info', isPretty: terminal.isInteractive, destination });
  const log = eventLogger(logger);
  return {
    report: (event: RotationEvent) => {
      progress.say(`${event.application}: ${event.event}`);
      log(event);
    },
    begin: (count: number) => {
      progress = progressOn(terminal, count);
      if (terminal.complaintColumns !== undefined && count > 1) logger.level = 'warn';
    },
    step: () => progress.step(),
    end: () => progress.end(),
  };
}

/** Which were not begun; of many the first few. */
function leftText(applications: readonly string[], ended: readonly Ended[]): string {
  const begun = new Set(ended.map(({ outcome }) => outcome.application));
  const left = applications.filter((name) => !begun.has(name));
  return `stopped before ${left.length} more: ${namesText(left)}`;
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
