import { expect, test } from 'vitest';
import { Pieces } from '../../../src/telemetry/metrics/pieces.ts';

function gathered(texts: readonly string[]): readonly Buffer[] {
  const pieces = new Pieces();
  return [...texts.flatMap((text) => [...pieces.add(text)]), pieces.rest()];
}

test.each([
  ['nothing', []],
  ['a few short texts', ['one\n', 'two\n']],
  ['many texts', Array.from({ length: 50_000 }, (_, count) => `line ${count}\n`)],
  ['texts of more bytes than letters', Array.from({ length: 20_000 }, (_, count) => `größe ${count} 漢字 🔑\n`)],
  ['a text that is longer than a piece, between others', ['one\n', 'ö'.repeat(200_000), 'two\n']],
])('%s: every byte comes once and in its order', (_, texts) => {
  expect(Buffer.concat(gathered(texts)).toString()).toBe(texts.join(''));
});

test('what comes together makes few pieces, and none of them grows without bound', () => {
  const pieces = gathered(Array.from({ length: 50_000 }, (_, count) => `line ${count}\n`));
  expect(pieces.length).toBeLessThan(20);
  for (const piece of pieces) expect(piece.length).toBeLessThanOrEqual(64 * 1024);
});
