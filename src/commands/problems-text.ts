import type { Problem } from '../rotation/errors.ts';
import { paint } from './table.ts';
import type { Terminal } from './terminal.ts';

/** What did not come about, why, and what to do. */
export function problemsText(about: string, problems: readonly Problem[], terminal: Terminal): string {
  const lines = problems.map(({ code, reason, remedy }) => `  ${code}: ${reason}\n  ${remedy}\n`);
  return `${paint('red', about, terminal)}\n${lines.join('')}`;
}
