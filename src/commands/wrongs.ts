import type { Problem } from '../rotation/errors.ts';
import type { Outcome } from '../rotation/outcome.ts';
import { problemText } from './status.ts';
import type { Terminal } from './terminal.ts';

/** Notices that say that something which was to be done was not. */
const UNDONE: ReadonlySet<string> = new Set(['revocation-failed']);

/** What went wrong with an application: wherever there is any, the exit code is 1. */
export function wrongsOf({ trouble, notices }: Outcome): readonly Problem[] {
  return [...(trouble ? [trouble] : []), ...notices.filter(({ code }) => UNDONE.has(code))];
}

/** Notices that are worth a person's eye and no more. */
export function remarksOf({ notices }: Outcome): readonly Problem[] {
  return notices.filter(({ code }) => !UNDONE.has(code));
}

/** The same in words for a person. */
export function wrongsText(outcome: Outcome, terminal: Terminal): string {
  const { application, trouble } = outcome;
  const about = (problem: Problem) => (problem === trouble ? `${application}: ${trouble.kind}` : application);
  return wrongsOf(outcome)
    .map((problem) => problemText(about(problem), problem, 'red', terminal))
    .join('');
}
