import prettyMilliseconds from 'pretty-ms';
import type { Parts } from '../parts.ts';
import type { Outcome } from '../rotation/outcome.ts';
import { Board, type BoardEntry } from '../telemetry/board.ts';
import { snapshotOf } from '../telemetry/snapshot.ts';
import { type Concern, concernsText } from './concerns.ts';
import { counted } from './count.ts';
import { chosenApplications, withReplica } from './replica.ts';
import { type Paint, paint, table } from './table.ts';
import { EXIT, type Terminal } from './terminal.ts';

export interface StatusOptions {
  readonly config: string;
  readonly applications: readonly string[];
  readonly json: boolean;
}

/** Looks at every application and shows how it stands. Exit code 1 only where something could not be read. */
export function statusCommand(options: StatusOptions, terminal: Terminal): Promise<number> {
  return withReplica(
    options.config,
    terminal,
    () => {},
    async (parts) => {
      const names = chosenApplications(parts.policy, options.applications);
      const outcomes = await parts.rotator.survey(names, async () => {});
      const now = parts.options.clock.now();
      const entries = entriesOf(parts, names, outcomes, now);
      terminal.write(options.json ? asJson(entries) : asText(entries, options, now, terminal));
      return outcomes.some(({ trouble }) => trouble?.kind === 'failed') ? EXIT.failed : EXIT.done;
    },
  );
}

function entriesOf(parts: Parts, names: readonly string[], outcomes: readonly Outcome[], now: number): BoardEntry[] {
  const board = new Board(parts.policy.applications);
  for (const outcome of outcomes) board.record(outcome, now);
  return names.flatMap((name) => board.entry(name, now) ?? []);
}

function asJson(entries: readonly BoardEntry[]): string {
  return `${JSON.stringify(entries.map(snapshotOf), null, 2)}\n`;
}

function asText(entries: readonly BoardEntry[], options: StatusOptions, now: number, terminal: Terminal): string {
  const overview = overviewOf(entries, now, terminal) + problemsOf(entries, terminal);
  const details = options.applications.length > 0 ? entries.map((entry) => detailsOf(entry, now)).join('') : '';
  return overview + details;
}

const COLOURS: Readonly<Record<BoardEntry['state'], Paint>> = {
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

function overviewOf(entries: readonly BoardEntry[], now: number, terminal: Terminal): string {
  const head = ['APPLICATION', 'STATE', 'GENERATION', 'ACCESS KEY ID', 'AGE', 'NEXT', 'WAITING'];
  const rows = entries.map((entry) => [
    entry.application,
    paint(COLOURS[entry.state], entry.state, terminal),
    String(entry.view?.generation ?? '-'),
    entry.view?.current?.accessKeyId ?? '-',
    entry.view?.current ? distance(now - entry.view.current.publishedAt) : '-',
    nextOf(entry, now),
    waitingOf(entry),
  ]);
  return table(head, rows, terminal, { leaveOut: ['AGE', 'ACCESS KEY ID'], cut: 'NEXT' });
}

function nextOf({ nextAt, next }: BoardEntry, now: number): string {
  if (nextAt === undefined) return '-';
  return nextAt <= now ? `now: ${next}` : `${next} in ${distance(nextAt - now)}`;
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

/** What a person should do something about, in full. */
function problemsOf(entries: readonly BoardEntry[], terminal: Terminal): string {
  const concerns = entries.flatMap(({ application, path, trouble, notices }): Concern[] => [
    ...(trouble ? [{ application, path, problem: trouble, colour: 'red' as const }] : []),
    ...notices.map((problem) => ({ application, path, problem, colour: 'yellow' as const })),
  ]);
  return concernsText(concerns, terminal);
}

function detailsOf({ application, path, issuer, view }: BoardEntry, now: number): string {
  const at = (time: number | undefined) => (time === undefined ? '-' : new Date(time).toISOString());
  const superseded = (view?.superseded ?? []).map(({ accessKeyId, why, revokeAt }) => {
    const fate =
      revokeAt === null ? 'until a person revokes it' : `until ${at(revokeAt)} (${distance(revokeAt - now)})`;
    return `  ${accessKeyId}  ${why}, lives ${fate}`;
  });
  return `${[
    '',
    `${application}: ${path}, issuer ${issuer}`,
    `  published ${at(view?.current?.publishedAt)}, rotation ${at(view?.rotateAt)}`,
    ...superseded,
  ].join('\n')}\n`;
}

function distance(ms: number): string {
  return prettyMilliseconds(Math.max(0, ms), { compact: true });
}
