import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Outcome } from '../../src/rotation/outcome.ts';
import { Board } from '../../src/telemetry/board.ts';
import { messageOf } from '../../src/telemetry/messages.ts';
import { snapshotOf } from '../../src/telemetry/snapshot.ts';
import { DAY, type Replica, Stage } from '../support/stage.ts';
import { closing } from '../transport/failure.ts';
import { type Mangling, manglings, misstatements } from './answers.ts';
import { type Mangler, manglerBefore } from './mangler.ts';
import { PATIENCE, runs } from './runs.ts';
import { expectCalm, expectSilent, expectUnpolluted } from './signs.ts';

/** A whole replica that hears its servers only through manglers, and what must be true of it whatever they say. */
interface Theatre {
  readonly stage: Stage;
  readonly replica: Replica;
  readonly manglers: Readonly<Record<Server, Mangler>>;
  readonly foreign: readonly string[];
}

type Server = 'glesys' | 's3' | 'vault';

/** Every call of a pass, by the server and the request line. */
const CALLS: readonly (readonly [Server, RegExp])[] = [
  ['glesys', /instancedetails/],
  ['glesys', /createcredential/],
  ['glesys', /deletecredential/],
  ['s3', /GET/],
  ['vault', /GET .*\/data\/apps/],
  ['vault', /PUT/],
  ['vault', /sys\/health/],
  ['vault', /ui\/mounts/],
  ['vault', /capabilities/],
  ['vault', /GET .*\/(config|metadata)/],
  ['vault', /PATCH/],
  ['vault', /auth\//],
];

async function theatre(): Promise<Theatre> {
  const stage = closing(await Stage.open());
  const manglers = {
    glesys: closing(await manglerBefore(stage.glesys.url)),
    s3: closing(await manglerBefore(stage.s3.url)),
    vault: closing(await manglerBefore(stage.vault.url)),
  };
  const replica = stage.replica('replica-1', {
    applications: { billing: { verify: { timeoutMs: 2_000, successes: 1, buckets: [] } } },
    issuer: { api: manglers.glesys.url, endpoint: manglers.s3.url },
    vault: { address: manglers.vault.url },
  });
  for (const n of [1, 2]) await stage.glesys.account.create(stage.instance, `made by hand ${n}`);
  const foreign = stage.live().map(({ id }) => id);
  return { stage, replica, manglers, foreign };
}

function secretsOf({ stage }: Theatre): string[] {
  const key = stage.glesys.apiKey.reveal();
  return [key, stage.vault.rootToken.reveal(), ...stage.live().map(({ secretAccessKey }) => secretAccessKey)];
}

/** Nothing that a person or a program is shown of it holds a secret or something that a terminal obeys. */
function expectFitToShow(outcome: Outcome, of: Theatre): void {
  const board = new Board(new Map([['billing', { issuer: 'sto1', path: 'apps/billing' }]]));
  board.record(outcome, of.stage.clock.now());
  const entries = board.entries(of.stage.clock.now()).map(snapshotOf);
  const said = of.stage.events.splice(0);
  for (const text of said.map(messageOf)) expectCalm(text);
  for (const { reason, remedy } of outcome.notices) expectCalm(reason + remedy);
  if (outcome.trouble) expectCalm(outcome.trouble.reason + outcome.trouble.remedy);
  expectSilent([outcome, entries, said], secretsOf(of));
  expect(outcome.trouble?.code).not.toBe('internal-error');
}

/** One pass in which every answer to one call is mangled, wherever the application stands; then all is as it was. */
async function strike(of: Theatre, call: number, mangling: Mangling, stepMs: number): Promise<Outcome> {
  const { stage, replica, manglers } = of;
  const [server, at] = CALLS[call % CALLS.length] ?? ['vault', /./];
  stage.clock.advance(stepMs);
  manglers[server].aim({ at, mangling });
  const outcome = await replica.pass('billing', stepMs === 0 ? { rotate: true, despite: [] } : undefined);
  manglers[server].aim(undefined);
  return outcome;
}

function property(kind: fc.Arbitrary<Mangling>, numRuns: number) {
  return async () => {
    let of = await theatre();
    await of.replica.settle();
    // a credential that lives at the issuer and works, before and after each strike
    await fc.assert(
      fc.asyncProperty(
        fc.nat(CALLS.length - 1),
        kind,
        fc.constantFrom(0, 1_000, 300_000, 2 * DAY, 31 * DAY),
        async (call, mangling, stepMs) => {
          const { stage, foreign } = of;
          const before = stage.vault.vault.kv2().entry('apps/billing')?.current ?? 0;
          const outcome = await strike(of, call, mangling, stepMs);
          const after = stage.vault.vault.kv2().entry('apps/billing')?.current ?? 0;
          expectFitToShow(outcome, of);
          expect(stage.works(), 'what Vault holds lives').toBe(true);
          expect(stage.record().generation).toBeGreaterThan(0);
          for (const id of foreign) expect(stage.live().map((one) => one.id)).toContain(id);
          if (outcome.did !== 'nothing' && outcome.did !== 'revoked') expect(after).toBe(before + 1);
          expectUnpolluted();
          of = await recovered(of);
        },
      ),
      runs(numRuns),
    );
  };
}

/** The servers are themselves again: rekeyd finds its way back by itself, or a new theatre is opened for the next run. */
async function recovered(of: Theatre): Promise<Theatre> {
  const { stage, replica } = of;
  const outcome = await replica.settle();
  if (!outcome.trouble && stage.live().length < 8) {
    stage.events.splice(0);
    return of;
  }
  const other = await theatre();
  await other.replica.settle();
  return other;
}

test(
  'whatever any server answers to any call of a pass, the secret in Vault works, no foreign key goes and nothing shows',
  property(manglings, 40),
  PATIENCE,
);

test(
  'an answer that says something else in its right form leads to no harm either',
  property(misstatements, 30),
  PATIENCE,
);
