import type { Policy } from '../policy/policy.ts';
import type { Problem } from '../rotation/errors.ts';
import type { Outcome } from '../rotation/outcome.ts';
import { type Concern, concernsText } from './concerns.ts';
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

type Paths = Pick<Policy, 'applications'>;

/** The same in words for a person. */
export function wrongsText(outcomes: readonly Outcome[], policy: Paths, terminal: Terminal): string {
  const concerns = outcomes.flatMap((outcome) =>
    wrongsOf(outcome).map((problem): Concern => {
      const { application, trouble } = outcome;
      const concern = { application, path: pathOf(application, policy), problem, colour: 'red' } as const;
      return problem === trouble ? { ...concern, kind: trouble.kind } : concern;
    }),
  );
  return concernsText(concerns, terminal);
}

export function remarksText(outcomes: readonly Outcome[], policy: Paths, terminal: Terminal): string {
  const concerns = outcomes.flatMap((outcome) =>
    remarksOf(outcome).map((problem): Concern => {
      const { application } = outcome;
      return { application, path: pathOf(application, policy), problem, colour: 'yellow' };
    }),
  );
  return concernsText(concerns, terminal);
}

function pathOf(application: string, { applications }: Paths): string {
  return applications.get(application)?.path ?? application;
}
