import { expect, test } from 'vitest';
import { boardOf, HOUR, NOW, outcomeOf, troubleOf, viewOf } from '../telemetry/views.ts';
import { healthOf, serve, siteOf } from './serving.ts';

const open = { isOpen: true, openSince: NOW - HOUR, lastFailure: troubleOf('failed', 'vault-sealed') };

function lateBoard() {
  const board = boardOf(['late']);
  board.record(outcomeOf('late', { view: viewOf('late', { rotateAt: NOW - HOUR }), nextAt: NOW - HOUR }), NOW);
  return board;
}

/** What is overdue, and why, where these servers stand like that. */
async function overdueWhere(vault: object, issuer: object) {
  const site = siteOf();
  const circuitOf = (server: string, over: object) => ({ circuit: healthOf(server, over) });
  const ask = await serve({
    board: lateBoard(),
    site: {
      ...site,
      vault: () => ({ ...site.vault(), ...circuitOf('Vault', vault) }),
      issuers: () => site.issuers().map((one) => ({ ...one, ...circuitOf('issuer sto1', issuer) })),
    },
  });
  return (await ask('/api/v1/overview')).json();
}

test('since when a server fails for everybody is told while it does', async () => {
  const { vault, issuers } = await overdueWhere(open, {});
  expect(vault.circuit).toMatchObject({ open: true, since: '2026-03-01T11:00:00.000Z' });
  expect(issuers[0].circuit).toEqual({ open: false });
});

test('what is overdue while Vault or its issuer fails for everybody is told to wait for that', async () => {
  const reasonOf = ({ troubles }: { troubles: readonly { reason: string }[] }) => troubles[0]?.reason;
  expect(reasonOf(await overdueWhere(open, {}))).toMatch(/Vault fails for everybody/);
  expect(reasonOf(await overdueWhere({}, open))).toMatch(/issuer sto1 fails for everybody/);
  expect(reasonOf(await overdueWhere({}, {}))).toMatch(/nothing that rekeyd knows of stands in its way/);
});
