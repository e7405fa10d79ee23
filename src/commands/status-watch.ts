import type { Parts } from '../parts.ts';
import type { Outcome } from '../rotation/outcome.ts';
import { iso } from '../rotation/record.ts';
import { steadyPace } from '../scheduler/pacing.ts';
import { Board } from '../telemetry/board.ts';
import type { BoardEntry } from '../telemetry/board-entry.ts';
import { snapshotOf } from '../telemetry/snapshot.ts';
import { lateProblems } from './late.ts';
import { openScreen } from './screen.ts';
import { statusText } from './status-text.ts';
import type { Terminal } from './terminal.ts';
import { wrapped } from './wrap.ts';

/** From the end of one look to the next, in ms. */
const PAUSE_MS = 3_000;
/** All looks but the first keep to the pace of a daemon's resync. */
const READS_PER_SECOND = 10;
const REDRAW_MS = 1_000;

export interface WatchOptions {
  /** The applications that were named: each is shown in detail then. */
  readonly applications: readonly string[];
  readonly json: boolean;
  /** From the end of one look to the next, in ms. */
  readonly pauseMs?: number;
}

/** What a watch shows its looks on. */
interface Display {
  show(): void;
  close(): void;
}

/** What was seen so far. */
interface Watched {
  readonly board: Board;
  readonly names: readonly string[];
  readonly now: () => number;
  /** Unix ms. */
  firstLookAt: number;
  lastLookAt: number;
}

/**
 * Looks again and again until stopped: one list per instance and each record once, in a pace that no server feels. On a
 * terminal the picture is drawn anew; in a pipe each change is told by itself. Returns whether something could not be
 * read at the last look.
 */
export async function watchStatus(
  parts: Parts,
  names: readonly string[],
  options: WatchOptions,
  terminal: Terminal,
): Promise<boolean> {
  const { clock } = parts.options;
  const board = new Board(parts.policy.applications);
  const watched: Watched = { board, names, now: () => clock.now(), firstLookAt: Infinity, lastLookAt: 0 };
  const display =
    terminal.isInteractive && !options.json ? picture(watched, options, terminal) : changes(watched, options, terminal);
  const stopped = terminal.stopped.then(() => undefined);
  let last: readonly Outcome[] = [];
  try {
    for (;;) {
      const outcomes = await Promise.race([look(parts, names, last.length > 0, stopped), stopped]);
      if (!outcomes) break;
      last = outcomes;
      watched.lastLookAt = clock.now();
      watched.firstLookAt = Math.min(watched.firstLookAt, watched.lastLookAt);
      for (const outcome of outcomes) board.record(outcome, watched.lastLookAt);
      display.show();
      if (await isStoppedWithin(options.pauseMs ?? PAUSE_MS, stopped)) break;
    }
  } finally {
    display.close();
  }
  return last.some(({ trouble }) => trouble?.kind === 'failed');
}

/** Undefined once stopped: what was not read yet is read no more. */
async function look(
  { rotator }: Parts,
  names: readonly string[],
  isPaced: boolean,
  stopped: Promise<undefined>,
): Promise<readonly Outcome[] | undefined> {
  const pace = isPaced ? steadyPace(READS_PER_SECOND) : async () => {};
  const left = new Error('the watch has ended');
  const paceUntilStopped = () => Promise.race([pace(), stopped.then(() => Promise.reject(left))]);
  return rotator.survey(names, paceUntilStopped).catch((error: unknown) => {
    if (error === left) return undefined;
    throw error;
  });
}

async function isStoppedWithin(ms: number, stopped: Promise<undefined>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  const isStopped = await Promise.race([over, stopped.then(() => true)]);
  clearTimeout(timer);
  return isStopped;
}

/** The whole on the terminal's other screen, drawn each second; what was seen last stays when it ends. */
function picture(watched: Watched, options: WatchOptions, terminal: Terminal): Display {
  const screen = openScreen(terminal);
  const text = (rows: number) => {
    const view = { isDetailed: options.applications.length > 0, isWhole: false, firstLookAt: watched.firstLookAt };
    const now = watched.now();
    const shown: Terminal = Object.create(terminal, { rows: { value: rows } });
    return statusText({ ...view, entries: entriesOf(watched, now), now }, shown);
  };
  const show = () => {
    if (watched.lastLookAt === 0) return;
    const at = new Date(watched.lastLookAt).toISOString().slice(11, 19);
    const head = wrapped(`looked at ${at} UTC; Ctrl-C ends`, terminal.columns);
    screen.draw(`${head}\n\n${text((terminal.rows ?? 24) - head.split('\n').length - 1)}`);
  };
  const timer = setInterval(show, REDRAW_MS);
  return {
    show,
    close: () => {
      clearInterval(timer);
      screen.close();
      if (watched.lastLookAt > 0) terminal.write(text(terminal.rows ?? 24));
    },
  };
}

/** At first everything, then only what changed, with the time before it. */
function changes(watched: Watched, options: WatchOptions, terminal: Terminal): Display {
  const told = new Map<string, string>();
  const show = () => {
    const now = watched.now();
    const entries = entriesOf(watched, now);
    const changed = entries.filter((entry) => {
      const sign = signOf(entry, now);
      const isNew = told.get(entry.application) !== sign;
      told.set(entry.application, sign);
      return isNew;
    });
    if (changed.length === 0) return;
    const at = iso(now);
    const { firstLookAt } = watched;
    const view = { entries: changed, counted: entries, isDetailed: false, isWhole: true, now, firstLookAt };
    if (options.json) terminal.write(`${JSON.stringify({ at, applications: changed.map(snapshotOf) })}\n`);
    else terminal.write(`${at}  ${statusText(view, terminal)}\n`);
  };
  return { show, close: () => {} };
}

/** Since when a trouble of the first look stands, nobody knows. */
function entriesOf({ board, names, firstLookAt }: Watched, now: number): readonly BoardEntry[] {
  return names
    .flatMap((name) => board.entry(name, now) ?? [])
    .map((entry) => {
      if (entry.troubleSince === undefined || entry.troubleSince > firstLookAt) return entry;
      const { troubleSince: _, ...rest } = entry;
      return rest;
    });
}

/**
 * What makes a change worth telling: not the time that goes by, nor how often something was tried. When something comes
 * next is worked out from two clocks at each look, and is not quite the same twice.
 */
function signOf(entry: BoardEntry, now: number): string {
  const { state, view, trouble, notices, next } = entry;
  const codes = [...lateProblems(entry, now), ...notices].map(({ code }) => code);
  return JSON.stringify([state, view, trouble?.code, codes, next]);
}
