import { formatDistance } from '../policy/duration.ts';
import type { Problem } from '../rotation/errors.ts';
import { iso } from '../rotation/record.ts';
import { type ApplicationState, type BoardEntry, isMeant } from '../telemetry/board-entry.ts';
import { type Concern, concernsText, shared } from './concerns.ts';
import { counted } from './count.ts';
import { headlineOf } from './headline.ts';
import { endOf, lateProblems } from './late.ts';
import { isWell, rankOf, standingOf } from './standing.ts';
import { type Paint, paint, table } from './table.ts';
import type { Terminal } from './terminal.ts';
import { wrapped } from './wrap.ts';

/** What is shown of how the applications stand. */
export interface StatusView {
  /** In the policy's order. */
  readonly entries: readonly BoardEntry[];
  /** Those that the first line counts, where that is not only the entries. */
  readonly counted?: readonly BoardEntry[];
  /** Whether each is shown in detail. */
  readonly isDetailed: boolean;
  /** Whether all are shown, even if they do not fit on the screen. */
  readonly isWhole: boolean;
  /** Unix ms. */
  readonly now: number;
  /** When the first look ended (Unix ms): since when a trouble of then stands is not known. */
  readonly firstLookAt: number;
}

const COLOURS: Readonly<Record<ApplicationState, Paint>> = {
  current: 'green',
  'in-grace': 'green',
  rotating: 'green',
  overdue: 'yellow',
  unknown: 'yellow',
  new: 'yellow',
  blocked: 'red',
  failing: 'red',
  refused: 'red',
};

/** However little fits on a screen, so many applications are shown. */
const FEWEST_ROWS = 5;
/** Problems told in full where a screen is to hold them. */
const MOST_PROBLEMS = 5;
/** Only what is late by more than this, in seconds, is worth a word. */
const LATE_SECONDS = 60;

/**
 * What is wrong first: in one line, in full with what to do, and in the table; then each in detail where wanted. Those
 * that stand alike keep the policy's order.
 */
export function statusText(view: StatusView, terminal: Terminal): string {
  const entries = view.entries.toSorted((a, b) => rankOf(a, view.now) - rankOf(b, view.now));
  const head = `${wrapped(headlineOf(view.counted ?? entries, view.now), terminal.columns)}\n`;
  const problems = problemsText(entries, view, terminal);
  const details = view.isDetailed ? entries.map((entry) => detailsOf(entry, view.now, terminal)).join('') : '';
  const left = (terminal.rows ?? Number.POSITIVE_INFINITY) - linesOf(head + problems) - SURROUNDINGS;
  return `${head}${problems}${entries.length > 0 ? '\n' : ''}${tableText(entries, view, left, terminal)}${details}`;
}

/** Lines that are needed besides: an empty one, the table's head, what is left out, and a prompt that may be large. */
const SURROUNDINGS = 6;

function linesOf(text: string): number {
  return text.split('\n').length - 1;
}

/** What a person should do something about, in full. */
function problemsText(entries: readonly BoardEntry[], view: StatusView, terminal: Terminal): string {
  const { isWhole, isDetailed, now } = view;
  const concerns = entries.flatMap((entry) => concernsOf(entry, now));
  const isLimited = Number.isFinite(terminal.rows ?? Number.POSITIVE_INFINITY) && !isWhole && !isDetailed;
  if (!isLimited) return concernsText(concerns, terminal);
  const groups = shared(concerns);
  const told = new Set(
    groups
      .slice(0, MOST_PROBLEMS)
      .flatMap(({ applications, problem }) => applications.map((name) => `${problem.code} ${name}`)),
  );
  const more = groups.length - MOST_PROBLEMS;
  const some = concerns.filter(({ application, problem }) => told.has(`${problem.code} ${application}`));
  return (
    concernsText(some, terminal) + (more > 0 ? `\n… and ${counted(more, 'other problem')} (--all tells them)\n` : '')
  );
}

function concernsOf(entry: BoardEntry, now: number): readonly Concern[] {
  const { application, path, trouble, notices } = entry;
  const concern = (problem: Problem, colour: Paint): Concern => ({ application, path, problem, colour });
  return [
    ...(trouble ? [concern(trouble, isMeant(trouble) ? 'dim' : 'red')] : []),
    ...[...lateProblems(entry, now), ...notices].map((problem) => concern(problem, 'yellow')),
  ];
}

function tableText(entries: readonly BoardEntry[], view: StatusView, left: number, terminal: Terminal): string {
  if (entries.length === 0) return '';
  const room = view.isWhole || view.isDetailed ? entries.length : Math.max(FEWEST_ROWS, left);
  const shown = entries.slice(0, entries.length > room ? room : entries.length);
  const hidden = entries.slice(shown.length);
  const bad = hidden.filter((entry) => !isWell(entry, view.now)).length;
  const which = bad > 0 ? `${bad} of them not well` : 'all of them well';
  const rest = hidden.length > 0 ? `… and ${hidden.length} more, ${which} (--all shows them)\n` : '';
  return rowsText(shown, view, terminal) + rest;
}

function rowsText(entries: readonly BoardEntry[], view: StatusView, terminal: Terminal): string {
  const { now } = view;
  const head = ['APPLICATION', 'STATE', 'GENERATION', 'ACCESS KEY ID', 'AGE', 'NEXT', 'WAITING'];
  const rows = entries.map((entry) => [
    entry.application,
    paint(colourOf(entry, now), stateText(entry, view), terminal),
    String(entry.view?.generation ?? '-'),
    entry.view?.current?.accessKeyId ?? '-',
    entry.view?.current ? formatDistance(now - entry.view.current.publishedAt) : '-',
    nextOf(entry, now),
    waitingOf(entry),
  ]);
  const leaveOut = ['AGE', 'ACCESS KEY ID', 'GENERATION', 'WAITING'];
  return table(head, rows, terminal, { leaveOut, cut: ['NEXT', 'APPLICATION'] });
}

function colourOf(entry: BoardEntry, now: number): Paint {
  const standing = standingOf(entry, now);
  if (standing === 'retired') return 'dim';
  return standing === 'key-overdue' ? 'yellow' : COLOURS[entry.state];
}

/** The state, and since when it stands, where that is known. */
function stateText(entry: BoardEntry, view: StatusView): string {
  const { state, trouble, troubleSince, overdueSeconds } = entry;
  const standing = standingOf(entry, view.now);
  if (standing === 'retired') return standing;
  if (standing === 'key-overdue') return `${state}, key overdue`;
  const late = overdueSeconds > LATE_SECONDS ? formatDistance(overdueSeconds * 1_000) : undefined;
  if (state === 'overdue') return late === undefined ? state : `${state} for ${late}`;
  if (!trouble) return state;
  const isSeenToBegin = troubleSince !== undefined && troubleSince > view.firstLookAt;
  const since = isSeenToBegin ? ` for ${formatDistance(view.now - troubleSince)}` : '';
  return `${state}${since}${late === undefined ? '' : `, due ${late} ago`}`;
}

function nextOf({ nextAt, next, trouble }: BoardEntry, now: number): string {
  if (trouble?.kind === 'refused') return isMeant(trouble) ? 'out of service' : 'a person decides';
  if (nextAt === undefined) return '-';
  return nextAt <= now ? `now: ${next}` : `${next} in ${formatDistance(nextAt - now)}`;
}

function waitingOf({ view }: BoardEntry): string {
  if (!view) return '-';
  const parts = [
    ...(view.superseded.length > 0 ? [`${view.superseded.length} superseded`] : []),
    ...(view.strays > 0 ? [counted(view.strays, 'stray')] : []),
    ...(view.hold ? ['on hold'] : []),
  ];
  return parts.join(', ') || '-';
}

function detailsOf(entry: BoardEntry, now: number, terminal: Terminal): string {
  const { application, path, issuer, view } = entry;
  const at = (time: number | undefined) => (time === undefined ? '-' : iso(time));
  const superseded = (view?.superseded ?? []).map(
    (key) => `  ${key.accessKeyId}  ${key.why}, ${fateOf(endOf(key, entry), now)}`,
  );
  const why = view?.hold?.why ? `: ${view.hold.why}` : '';
  const hold = view?.hold ? [`  on hold until ${at(view.hold.until)}, by ${view.hold.by}${why}`] : [];
  const lines = [
    `${application}: ${path}, issuer ${issuer}`,
    `  published ${at(view?.current?.publishedAt)}, rotation ${at(view?.rotateAt)}`,
    ...hold,
    ...superseded,
  ];
  return `\n${lines.map((line) => `${wrapped(line, terminal.columns, '    ')}\n`).join('')}`;
}

function fateOf(end: number | null, now: number): string {
  if (end === null) return 'lives until a person revokes it';
  if (end > now) return `lives until ${iso(end)} (${formatDistance(end - now)})`;
  return `should have been revoked ${formatDistance(now - end)} ago, at ${iso(end)}`;
}
