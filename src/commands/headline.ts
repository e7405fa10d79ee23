import { formatDistance } from '../policy/duration.ts';
import type { BoardEntry } from '../telemetry/board-entry.ts';
import { counted } from './count.ts';
import { STANDINGS, type Standing, standingOf } from './standing.ts';

/** `300 applications: 2 refused, 1 overdue, 297 well; next: billing: rotate in 2h` */
export function headlineOf(entries: readonly BoardEntry[], now: number): string {
  const groups = Map.groupBy(entries, (entry) => standingOf(entry, now));
  const count = (standing: Standing) => groups.get(standing)?.length ?? 0;
  const sums = (Object.keys(STANDINGS) as Standing[])
    .filter((standing) => count(standing) > 0)
    .map((standing) => `${count(standing)} ${STANDINGS[standing]}`);
  const whole = count('well') === entries.length ? 'all well' : sums.join(', ');
  return `${counted(entries.length, 'application')}: ${whole}${nextText(entries, now)}`;
}

function nextText(entries: readonly BoardEntry[], now: number): string {
  // what is refused waits for a person, and of what could not be looked at nobody knows what comes
  const ahead = entries.flatMap(({ application, trouble, nextAt, next }) =>
    trouble || nextAt === undefined || next === undefined ? [] : [{ application, nextAt, next }],
  );
  const [first] = ahead.toSorted((a, b) => a.nextAt - b.nextAt);
  if (!first) return '';
  const { application, nextAt, next } = first;
  return `; next: ${application}: ${next} ${nextAt <= now ? 'now' : `in ${formatDistance(nextAt - now)}`}`;
}
