import { DURATION_HINT, parseDuration } from '../policy/duration.ts';
import { visible } from '../policy/visible.ts';
import { iso } from '../rotation/record.ts';
import { operatorName, systemClock } from '../system.ts';
import { amendCommand } from './amending.ts';
import { type Terminal, UsageError } from './terminal.ts';

export interface HoldOptions {
  readonly config: string;
  readonly application: string;
  /** A duration from now, or a date with or without a time of day. */
  readonly until: string;
  /** What for, as others read it. */
  readonly why: string;
}

/** Nothing of the application is rotated by schedule or revoked until then, by any replica. */
export function holdCommand({ config, application, until, why }: HoldOptions, terminal: Terminal): Promise<number> {
  const at = timeOf(until, systemClock.now());
  const amendment = { amend: 'hold', until: at, by: operatorName(), why: visible(why) } as const;
  const done = () =>
    `on hold until ${iso(at)}: nothing is rotated by schedule or revoked before that. ` +
    `rekeyd release ${application} ends it sooner; rekeyd rotate ${application} rotates all the same.`;
  return amendCommand({ config, application, amendment, done }, terminal);
}

/** It was meant to be an end, so it lies ahead, and a record has room for years of four digits. */
const LATEST = Date.parse('9999-01-01T00:00:00Z');
const DATE = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2})?(?:Z|[+-]\d{2}:\d{2})?)?$/;

/** Unix ms; a date alone is its beginning in UTC, a time without an offset is this machine's. Throws `UsageError`. */
export function timeOf(text: string, now: number): number {
  const duration = parseDuration(text);
  const at = duration === undefined ? dateOf(text) : now + duration;
  if (at === undefined || Number.isNaN(at))
    throw new UsageError(
      `--until ${text} is no time: write a duration (${DURATION_HINT}) or a date such as 2026-12-24 or 2026-12-24T08:00:00Z`,
    );
  if (at <= now || at > LATEST) throw new UsageError(`--until ${text} does not lie ahead: a hold ends in the future`);
  return at;
}

function dateOf(text: string): number | undefined {
  return DATE.test(text) ? Date.parse(text) : undefined;
}
