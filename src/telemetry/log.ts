import { type DestinationStream, type Logger, pino } from 'pino';
import { PinoPretty, type PrettyOptions } from 'pino-pretty';
import type { LogLevel } from '../policy/policy.ts';
import { problemOf } from '../rotation/errors.ts';
import { EVENT_LEVELS, type EventName, type Report, type RotationEvent } from '../rotation/events.ts';
import { sentence } from '../rotation/sentence.ts';
import { messageOf } from './messages.ts';
import type { ServerHealth } from './server-health.ts';

export interface LogOptions {
  readonly level: LogLevel;
  /** For people at a terminal; JSON lines otherwise. */
  readonly isPretty: boolean;
  /** Where the lines go; standard output where it is not given. */
  readonly destination?: DestinationStream & NodeJS.WritableStream;
}

const PRETTY: PrettyOptions = {
  translateTime: "UTC:HH:MM:ss'Z'",
  ignore: 'pid,hostname',
  hideObject: true,
};

/** The log of the process. Times are ISO 8601 in UTC, levels are words. */
export function createLogger(options: LogOptions): Logger {
  const { level, isPretty, destination = process.stdout } = options;
  if (isPretty) return pino({ level, base: null }, PinoPretty({ ...PRETTY, destination }));
  const formatters = { level: (label: string) => ({ level: label }) };
  return pino({ level, base: null, formatters, timestamp: pino.stdTimeFunctions.isoTime }, destination);
}

/** Members of an event that are times (Unix ms) and are shown as ISO 8601. */
const TIMES: ReadonlySet<string> = new Set(['revokeAt', 'rotateAt']);

/** A server that is down fails for every application: within so many ms that is said once, and then at level debug. */
const REPEATS_QUIET_MS = 60_000;

/**
 * Writes each event as one line: its stable name in `event`, its members in snake_case, and the event in plain words.
 * `now`: Unix ms.
 */
export function eventLogger(logger: Logger, now: () => number = Date.now): Report {
  const said = new Map<string, number>();
  const repeats = ({ event, code }: RotationEvent): boolean => {
    if (!isServerFailure(event, code)) return false;
    const last = said.get(code ?? '') ?? Number.NEGATIVE_INFINITY;
    if (now() - last < REPEATS_QUIET_MS) return true;
    said.set(code ?? '', now());
    return false;
  };
  return (event) => {
    const level = repeats(event) ? 'debug' : EVENT_LEVELS[event.event];
    logger[level](fieldsOf(event), messageOf(event));
  };
}

function isServerFailure(event: EventName, code: string | undefined): boolean {
  const isFailure = event === 'pass.failed' || event === 'rotation.failed';
  return isFailure && code !== undefined && /^(issuer|vault|s3)-/.test(code);
}

/** The members of an event by their names in snake_case, times as ISO 8601. */
export function fieldsOf(event: RotationEvent): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(event).map(([key, value]) => [
      snakeCase(key),
      TIMES.has(key) && typeof value === 'number' ? new Date(value).toISOString() : value,
    ]),
  );
}

const SNAKE_CASE = new Map<string, string>();

/** Of a member of an event, of which there are a few dozen. */
function snakeCase(key: string): string {
  const known = SNAKE_CASE.get(key);
  if (known !== undefined) return known;
  const snake = key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  SNAKE_CASE.set(key, snake);
  return snake;
}

/** Says when a server is no longer called because it fails for everybody, and when it is back. */
export function logCircuit(logger: Logger, circuit: ServerHealth): void {
  circuit.onOpen(() => {
    const { reason, remedy } = circuit.lastFailure ?? {};
    const fields = { event: 'circuit.opened', server: circuit.server, code: circuit.code, reason, remedy };
    logger.error(fields, `${circuit.server} fails for everybody and is only probed for now: ${reason ?? 'unknown'}`);
  });
  circuit.onClose(() => {
    logger.info({ event: 'circuit.closed', server: circuit.server }, `${circuit.server} answers again`);
  });
}

/** Writes an error only as the problem it stands for, so that nothing in it can leak. */
export function logProblem(logger: Logger, event: string, error: unknown): void {
  const problem = problemOf(error);
  const { code, reason, remedy } = problem;
  logger.error({ event, code, reason, remedy }, sentence(problem));
}
