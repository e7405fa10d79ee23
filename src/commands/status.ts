import type { Parts } from '../parts.ts';
import type { Outcome } from '../rotation/outcome.ts';
import { Board } from '../telemetry/board.ts';
import type { BoardEntry } from '../telemetry/board-entry.ts';
import { snapshotOf } from '../telemetry/snapshot.ts';
import { progressOn } from './progress.ts';
import { chosenApplications } from './ready-policy.ts';
import { withReplica } from './replica.ts';
import { statusText } from './status-text.ts';
import { watchStatus } from './status-watch.ts';
import { EXIT, type Terminal } from './terminal.ts';

export interface StatusOptions {
  readonly config: string;
  readonly applications: readonly string[];
  readonly json: boolean;
  /** Go on looking until stopped. */
  readonly watch?: boolean;
  /** From the end of one look of a watch to the next, in ms; for tests, which have less patience. */
  readonly pauseMs?: number;
  /** Show all, even if they do not fit on the screen. */
  readonly all?: boolean;
}

/** Looks at every application and shows how it stands. Exit code 1 only where something could not be read. */
export function statusCommand(options: StatusOptions, terminal: Terminal): Promise<number> {
  return withReplica(options.config, terminal, async (parts) => {
    const names = chosenApplications(parts.policy, options.applications);
    const isUnread = await (options.watch ? watchStatus : showOnce)(parts, names, options, terminal);
    return isUnread ? EXIT.failed : EXIT.done;
  });
}

/** Returns whether something could not be read. */
async function showOnce(
  parts: Parts,
  names: readonly string[],
  options: StatusOptions,
  terminal: Terminal,
): Promise<boolean> {
  const outcomes = await look(parts, names, terminal);
  const now = parts.options.clock.now();
  const board = new Board(parts.policy.applications);
  for (const outcome of outcomes) board.record(outcome, now);
  const entries = names.flatMap((name) => board.entry(name, now) ?? []).map(withoutSince);
  const view = { entries, isDetailed: options.applications.length > 0, isWhole: options.all ?? false, now };
  const text = options.json ? asJson(entries) : statusText({ ...view, firstLookAt: now }, terminal);
  terminal.write(text);
  return outcomes.some(({ trouble }) => trouble?.kind === 'failed');
}

async function look(parts: Parts, names: readonly string[], terminal: Terminal): Promise<readonly Outcome[]> {
  const progress = progressOn(terminal, names.length);
  try {
    return await parts.rotator.survey(names, async () => progress.step());
  } finally {
    progress.end();
  }
}

/** One look does not tell since when a trouble stands. */
function withoutSince({ troubleSince: _, ...entry }: BoardEntry): BoardEntry {
  return entry;
}

function asJson(entries: readonly BoardEntry[]): string {
  return `${JSON.stringify(entries.map(snapshotOf), null, 2)}\n`;
}
