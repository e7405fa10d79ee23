import type { Policy } from '../policy/policy.ts';
import type { Outcome } from '../rotation/outcome.ts';
import { iso } from '../rotation/record.ts';
import { namesText } from './concerns.ts';
import { type Paint, paint } from './table.ts';
import type { Terminal } from './terminal.ts';
import { wrapped } from './wrap.ts';
import { remarksText, wrongsOf, wrongsText } from './wrongs.ts';

/** What came of one application that was to be rotated. */
export interface Ended {
  readonly outcome: Outcome;
  readonly rotated: boolean;
}

export function isWell({ outcome, rotated }: Ended): boolean {
  return rotated && wrongsOf(outcome).length === 0;
}

export function rotatedAsJson(ended: readonly Ended[]): string {
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

/** What was done, line by line, below it what went wrong, and last the sum of it. */
export function rotatedAsText(ended: readonly Ended[], policy: Policy, terminal: Terminal): string {
  const outcomes = ended.map(({ outcome }) => outcome);
  const lines = ended.map((one) => lineOf(one, terminal)).join('');
  const problems = wrongsText(outcomes, policy, terminal) + remarksText(outcomes, policy, terminal);
  return `${lines}${problems}${problems === '' ? '' : '\n'}${sumOf(ended, terminal)}\n`;
}

function lineOf({ outcome, rotated }: Ended, terminal: Terminal): string {
  const { application, view } = outcome;
  if (!rotated) return wrongsOf(outcome).length > 0 ? '' : `${application}: not rotated\n`;
  const lives = view?.superseded
    .filter(({ revokeAt }) => revokeAt !== null)
    .map(({ accessKeyId, revokeAt }) => {
      return `${accessKeyId} lives until ${iso(revokeAt ?? 0)}`;
    });
  const grace = lives && lives.length > 0 ? `; ${lives.join(', ')}` : '';
  const line = `${application}: rotated to generation ${view?.generation} (${view?.current?.accessKeyId})${grace}`;
  // painted only now: a line is wrapped by what is seen of it
  const words = wrapped(line, terminal.columns, '  ');
  return `${words.replace(/(?<=^\S+:\s+)rotated/, (done) => paint('green', done, terminal))}\n`;
}

/** `298 of 300 rotated; 1 refused: reports; 1 failed: archive` */
function sumOf(ended: readonly Ended[], terminal: Terminal): string {
  const done = ended.filter(({ rotated }) => rotated);
  const colour: Paint = done.length === ended.length ? 'green' : 'red';
  const sum = `${done.length} of ${ended.length} rotated`;
  const others = Map.groupBy(
    ended.filter(({ rotated }) => !rotated),
    ({ outcome }) => outcome.trouble?.kind ?? 'not rotated',
  );
  const why = [...others].map(([kind, group]) => {
    const names = group.map(({ outcome }) => outcome.application);
    return `${names.length} ${kind}: ${namesText(names)}`;
  });
  const words = wrapped([sum, ...why].join('; '), terminal.columns);
  return words.replace(sum, () => paint(colour, sum, terminal));
}
