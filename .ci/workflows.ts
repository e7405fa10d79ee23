import { globSync } from 'node:fs';
import { Checks } from './checks.ts';
import { said } from './programs.ts';
import { fileOf } from './repository.ts';
import { ensureGoTool } from './tools.ts';

/** Nothing here runs the workflows; actionlint knows their language, their expressions and what may stand where. */
const ACTIONLINT = { command: 'github.com/rhysd/actionlint/cmd/actionlint', version: 'v1.7.12' };

const checks = new Checks();
const program = ensureGoTool(ACTIONLINT.command, ACTIONLINT.version);

/** What actionlint says of these files, or of `input` where the file is `-`. */
function complaints(files: readonly string[], input = ''): string {
  const { code, out, err } = said(program, ['-no-color', ...files], { input });
  if (code !== 0 && out === '') throw new Error(err);
  return out;
}

await checks.check('actionlint has nothing to say of the workflows', () => {
  const files = globSync('.github/workflows/*.yml', { cwd: fileOf() });
  if (files.length === 0) throw new Error('there are no workflows');
  const found = complaints(files.map((file) => fileOf(file)));
  if (found !== '') throw new Error(found);
});

await checks.check('and would have, were one of them wrong', () => {
  const wrong = 'on: push\njobs:\n  one:\n    runs-on: ubuntu-24.04\n    step: [{ run: ls }]\n';
  if (!complaints(['-'], wrong).includes('"step"')) throw new Error('actionlint finds no fault with a wrong workflow');
});

checks.report();
