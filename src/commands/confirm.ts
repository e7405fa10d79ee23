import { visibleLines } from '../policy/visible.ts';
import { EXIT, type Terminal, UsageError } from './terminal.ts';

/** What counts as a yes; everything else, ended input too, is a no. */
const YES: ReadonlySet<string> = new Set(['y', 'yes']);

/**
 * Whether a person agrees. Where nobody can be asked, `--yes` must have been said: throws `UsageError` otherwise. It
 * only answers the question; what is refused stays refused.
 */
export async function confirmed(
  question: string,
  { yes }: { readonly yes: boolean },
  terminal: Pick<Terminal, 'ask'>,
): Promise<boolean> {
  if (yes) return true;
  const words = visibleLines(question);
  if (!terminal.ask) throw new UsageError(`${words} Nobody can answer here: say --yes if it is to be done.`);
  return YES.has((await terminal.ask(`${words} [y/N] `)).trim().toLowerCase());
}

/** Says that nothing came about, since the person did not agree, and returns the exit code. */
export function declined(what: 'created' | 'done' | 'revoked', terminal: Pick<Terminal, 'complain'>): number {
  terminal.complain(`nothing was ${what}\n`);
  return EXIT.failed;
}
