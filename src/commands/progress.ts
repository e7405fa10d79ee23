import { formatDistance } from '../policy/duration.ts';
import { visible } from '../policy/visible.ts';
import type { Terminal } from './terminal.ts';

/** How far a command is, for a person who waits. */
export interface Progress {
  /** One more is through. */
  readonly step: () => void;
  /** What is being done right now. */
  readonly say: (text: string) => void;
  /** Writes something beside the bar, which goes on below it. */
  readonly beside: (text: string) => void;
  /** Takes the bar away again. */
  readonly end: () => void;
}

type Screen = Pick<Terminal, 'complain' | 'complaintColumns'>;

const BAR = 20;
/** Wider lines are hard to read, and a line that wraps cannot be drawn over. */
const WIDEST = 100;
/** A guess after fewer ms than this is worth nothing. */
const GUESS_AFTER_MS = 2_000;
const TO_LINE_END = '\u001b[K';

/** A bar beside the result, where a person reads along; nothing anywhere else. */
export function progressOn(terminal: Screen, total: number, now: () => number = () => performance.now()): Progress {
  const { complaintColumns } = terminal;
  if (complaintColumns === undefined || total < 2) return plain(terminal);
  const began = now();
  let done = 0;
  let doing = '';
  const draw = () => {
    const left = leftText(total, done, now() - began);
    const line = `${barOf(done / total)} ${done} of ${total}${left}${doing === '' ? '' : `  ${doing}`}`;
    terminal.complain(`\r${line.slice(0, Math.min(complaintColumns, WIDEST) - 1)}${TO_LINE_END}`);
  };
  const clear = () => terminal.complain(`\r${TO_LINE_END}`);
  draw();
  return {
    step: () => {
      done += 1;
      draw();
    },
    say: (text) => {
      doing = visible(text);
      draw();
    },
    beside: (text) => {
      clear();
      terminal.complain(text);
      draw();
    },
    end: clear,
  };
}

function plain({ complain }: Pick<Terminal, 'complain'>): Progress {
  const nothing = () => {};
  return { step: nothing, say: nothing, beside: complain, end: nothing };
}

function barOf(share: number): string {
  const full = Math.round(share * BAR);
  return `[${'#'.repeat(full)}${'-'.repeat(BAR - full)}]`;
}

function leftText(total: number, done: number, elapsedMs: number): string {
  if (done === 0 || done === total || elapsedMs < GUESS_AFTER_MS) return '';
  const left = (elapsedMs / done) * (total - done);
  return `, about ${formatDistance(Math.max(1_000, left))} left`;
}
