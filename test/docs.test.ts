import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { CONDITIONS } from '../src/rotation/conditions.ts';
import { NOTICES } from '../src/rotation/notices.ts';
import { REFUSALS } from '../src/rotation/refusals.ts';
import { WITHHOLDINGS } from '../src/rotation/revocation.ts';

const read = (file: string) => readFileSync(new URL(`../${file}`, import.meta.url), 'utf8');

test('the runbook has a row for every refusal, condition, notice and withheld revocation, and none besides', () => {
  const codes = [...REFUSALS, ...CONDITIONS, ...NOTICES, ...WITHHOLDINGS].map(({ code }) => code);
  const rows = [...read('docs/RUNBOOK.md').matchAll(/^\| `([a-z0-9-]+)` \|/gm)].map(([, code]) => code);
  expect(rows.toSorted()).toEqual([...codes, 'read-back-differs'].toSorted());
});

test.each(['README.md', 'docs/ROTATION.md', 'docs/RUNBOOK.md'])('every file that %s links to is there', (file) => {
  const links = [...read(file).matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)].map(([, link]) => link ?? '');
  const local = links.filter((link) => !link.startsWith('http'));
  expect(local.length).toBeGreaterThan(0);
  for (const link of local)
    expect(() => read(new URL(link, `file:///${file}`).pathname.slice(1).replace(/\/$/, '/README.md'))).not.toThrow();
});
