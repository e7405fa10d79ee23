import { expect, test } from 'vitest';
import { found, namesIn, rowsOf } from '../support/markdown.ts';
import { everyMetric } from './everything.ts';

interface Known {
  readonly name: string;
  readonly type: string;
  readonly labels: readonly string[];
}

const byName = (one: Known, other: Known) => one.name.localeCompare(other.name);

/** Node's own have samples of which some come and go, so their labels are taken as they are described. */
const isOwn = ({ name }: Known) => name.startsWith('rekeyd_');

async function real(): Promise<Known[]> {
  const text = await everyMetric();
  return [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = '', type = '']) => {
    const [sample = ''] = text.match(new RegExp(`^${name}(_count)?[{ ].*$`, 'm')) ?? [];
    return { name, type, labels: found(sample, /[{,](\w+)="/g).toSorted() };
  });
}

function described(): Known[] {
  return rowsOf('docs/OBSERVING.md', '## Metrics').map(([name, type = '', labels]) => ({
    name: namesIn(name)[0] ?? '',
    type,
    labels: namesIn(labels).toSorted(),
  }));
}

test('every metric is described with its type and its labels, and none besides', async () => {
  expect(described().filter(isOwn).toSorted(byName)).toEqual((await real()).filter(isOwn).toSorted(byName));
});

test('so is every metric of the process, and none besides', async () => {
  const names = ({ name, type }: Known) => `${name} ${type}`;
  const others = (known: Known[]) =>
    known
      .filter((one) => !isOwn(one))
      .map(names)
      .toSorted();
  expect(others(described())).toEqual(others(await real()));
});

test('every metric is described in words', () => {
  const rows = rowsOf('docs/OBSERVING.md', '## Metrics');
  for (const [name, , , words = ''] of rows) expect(words.split(' ').length, name).toBeGreaterThan(3);
});

test('every label of every sample of our own is one that the table has', async () => {
  const text = await everyMetric();
  const labels = new Map(described().map(({ name, labels }) => [name, new Set([...labels, 'le'])]));
  for (const [, name = '', pairs = ''] of text.matchAll(/^(rekeyd_\w+?)(?:_bucket|_sum|_count)?\{(.*)\} \S+$/gm)) {
    for (const label of found(pairs, /(\w+)="/g)) expect(labels.get(name)?.has(label), `${name} ${label}`).toBe(true);
  }
});
