import type { Problem } from './errors.ts';

/** A full stop, or what stands for one, perhaps before a closing quote: a server's own words may end with it. */
const CLOSED = /[.!?…]["'”’)]?$/;

/** A problem as running text: the reason, then the way out. */
export function sentence({ reason = '', remedy = '' }: Partial<Pick<Problem, 'reason' | 'remedy'>>): string {
  if (reason === '' || remedy === '') return reason + remedy;
  return `${reason}${CLOSED.test(reason) ? '' : '.'} ${remedy}`;
}
