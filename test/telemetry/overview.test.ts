import { expect, test } from 'vitest';
import { Board } from '../../src/telemetry/board.ts';
import { tallyOf } from '../../src/telemetry/overview.ts';
import { boardOf, entryInGrace, HOUR, NOW, outcomeOf, troubleOf, viewOf } from './views.ts';

test('counts states, holds, strays and what still lives, and names what comes next', () => {
  const board = boardOf(['a', 'b', 'c']);
  const hold = { until: NOW + HOUR, by: 'ann', why: 'release' };
  board.record(outcomeOf('a', { view: viewOf('a', { superseded: [entryInGrace], strays: 2 }), nextAt: NOW + 5 }), NOW);
  board.record(outcomeOf('b', { view: viewOf('b', { hold }) }), NOW);
  const tally = tallyOf(board, NOW);
  expect(tally).toMatchObject({ total: 3, held: 1, strays: 2, superseded: 1, troubles: [] });
  expect(tally.states).toMatchObject({ 'in-grace': 1, current: 1, unknown: 1, refused: 0 });
  expect(tally.next).toEqual({ application: 'a', at: NOW + 5, what: 'rotate' });
});

test('a hold that is over is none', () => {
  const board = boardOf(['a']);
  const hold = { until: NOW, by: 'ann', why: 'release' };
  board.record(outcomeOf('a', { view: viewOf('a', { hold }) }), NOW);
  expect(tallyOf(board, NOW).held).toBe(0);
});

test('the same trouble of many is one group: since the first, with the first few names, the worst group first', () => {
  const names = Array.from({ length: 8 }, (_, index) => `app-${index}`);
  const board = boardOf([...names, 'edited', 'noticed', 'late']);
  names.forEach((name, index) => {
    board.record(outcomeOf(name, { trouble: troubleOf('failed', 'vault-sealed') }), NOW - index);
  });
  board.record(outcomeOf('edited', { trouble: troubleOf('refused', 'edited') }), NOW);
  board.record(outcomeOf('noticed', { notices: [troubleOf('failed', 'clocks-disagree')] }), NOW);
  board.record(outcomeOf('late', { view: viewOf('late', { rotateAt: NOW - HOUR }), nextAt: NOW - HOUR }), NOW);
  const { troubles, overdue } = tallyOf(board, NOW);
  expect(troubles.map(({ kind, code, count }) => [kind, code, count])).toEqual([
    ['refused', 'edited', 1],
    ['failed', 'vault-sealed', 8],
    ['overdue', 'overdue', 1],
    ['notice', 'clocks-disagree', 1],
  ]);
  expect(troubles[1]).toMatchObject({ since: NOW - 7, remedy: 'Mend it.', applications: names.slice(0, 5) });
  expect(troubles[2]).toMatchObject({ since: NOW - HOUR });
  expect([...overdue]).toEqual(['late']);
});

test('what is late because a server fails for everybody says so, apart from what is late for no known reason', () => {
  const board = new Board(new Map(['stuck', 'late'].map((name) => [name, { issuer: name, path: `apps/${name}` }])));
  for (const name of ['stuck', 'late']) {
    board.record(outcomeOf(name, { view: viewOf(name, { rotateAt: NOW - HOUR }), nextAt: NOW - HOUR }), NOW);
  }
  const lastFailure = { code: 'vault-sealed', reason: 'Vault is sealed', remedy: 'Unseal it.' };
  const { troubles } = tallyOf(board, NOW, (issuer) =>
    issuer === 'stuck' ? { server: 'Vault', lastFailure } : undefined,
  );
  expect(troubles.map(({ code, applications }) => [code, applications])).toEqual([
    ['overdue', ['stuck']],
    ['overdue', ['late']],
  ]);
  expect(troubles[0]?.reason).toBe('its time of rotation is past, and Vault fails for everybody');
  expect(troubles[0]?.remedy).toBe('Unseal it. rekeyd probes Vault by itself and goes on once it answers.');
  expect(troubles[1]?.reason).toContain('nothing that rekeyd knows of stands in its way');
});

test('what was retired on purpose is in no trouble: worth a look only, and counted apart', () => {
  const board = boardOf(['edited', 'out']);
  board.record(outcomeOf('edited', { trouble: troubleOf('refused', 'edited') }), NOW);
  board.record(outcomeOf('out', { trouble: troubleOf('refused', 'retired') }), NOW);
  const { troubles, retired, states } = tallyOf(board, NOW);
  expect(troubles.map(({ kind, code, applications }) => [kind, code, applications])).toEqual([
    ['refused', 'edited', ['edited']],
    ['notice', 'retired', ['out']],
  ]);
  expect([retired, states.refused]).toEqual([1, 2]);
});

test('what is refused waits for a person, and is not what happens next', () => {
  const board = boardOf(['refused', 'later']);
  board.record(outcomeOf('refused', { trouble: troubleOf('refused', 'edited'), nextAt: NOW, next: 'look again' }), NOW);
  board.record(outcomeOf('later', { nextAt: NOW + HOUR }), NOW);
  expect(tallyOf(board, NOW).next).toEqual({ application: 'later', at: NOW + HOUR, what: 'rotate' });
});
