import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Secret } from '../../src/policy/secret.ts';
import type { Outcome } from '../../src/rotation/outcome.ts';
import { Board } from '../../src/telemetry/board.ts';
import { messageOf } from '../../src/telemetry/messages.ts';
import { snapshotOf } from '../../src/telemetry/snapshot.ts';
import { DAY, HOUR, type Replica, Stage } from '../support/stage.ts';
import { closing } from '../transport/failure.ts';
import { type Mangling, manglings, misstatements } from './answers.ts';
import { type Mangler, manglerBefore } from './mangler.ts';
import { PATIENCE, runs } from './runs.ts';
import { expectCalm, expectSilent, expectUnpolluted } from './signs.ts';

/** A whole replica that hears its servers only through manglers, and what must be true of it whatever they say. */
interface Theatre {
  readonly stage: Stage;
  readonly replica: Replica;
  /** The same replica started anew: it knows nothing and has to log in. */
  readonly startAnew: () => Replica;
  readonly secretId: Secret;
  readonly manglers: Readonly<Record<Server, Mangler>>;
  readonly foreign: readonly string[];
}

type Server = 'glesys' | 's3' | 'vault';

/** A call of a pass, and where the stage must stand for it to be made. */
interface CallOfPass {
  readonly server: Server;
  /** The request line. */
  readonly at: RegExp;
  readonly made: 'always' | 'by a rotation' | 'when a grace is over' | 'at the start';
}

const CALLS: Readonly<Record<string, CallOfPass>> = {
  "the issuer's list": { server: 'glesys', at: /instancedetails/, made: 'always' },
  'an issue': { server: 'glesys', at: /createcredential/, made: 'by a rotation' },
  'a revocation': { server: 'glesys', at: /deletecredential/, made: 'when a grace is over' },
  'a verification': { server: 's3', at: /^GET/, made: 'by a rotation' },
  'a look at the record': { server: 'vault', at: /^GET .*\/data\/apps/, made: 'always' },
  'a publish': { server: 'vault', at: /^PUT/, made: 'by a rotation' },
  'a look at the cluster': { server: 'vault', at: /sys\/health/, made: 'always' },
  'a look at the mount': { server: 'vault', at: /ui\/mounts/, made: 'by a rotation' },
  'a look at the rights': { server: 'vault', at: /capabilities/, made: 'by a rotation' },
  'a look at the lifetime': { server: 'vault', at: /^GET .*\/(config|metadata)/, made: 'by a rotation' },
  'the mirror for people': { server: 'vault', at: /^PATCH/, made: 'by a rotation' },
  'a login': { server: 'vault', at: /auth\/approle\/login/, made: 'at the start' },
};

const ASKED = { rotate: true, despite: [] };

async function theatre(): Promise<Theatre> {
  const stage = closing(await Stage.open());
  const manglers = {
    glesys: closing(await manglerBefore(stage.glesys.url)),
    s3: closing(await manglerBefore(stage.s3.url)),
    vault: closing(await manglerBefore(stage.vault.url)),
  };
  const { appRole } = stage.vault.vault;
  const roleId = { made: new Secret(appRole.setRole('rekeyd', { policies: ['root'], ttlMs: HOUR })) };
  const secretId = new Secret(appRole.addSecretId('rekeyd'));
  const auth = { method: 'approle', mount: 'approle', roleId, secretId: { made: secretId } } as const;
  const startAnew = () =>
    stage.replica('replica-1', {
      applications: { billing: { verify: { timeoutMs: 2_000, successes: 1, buckets: [] } } },
      issuer: { api: manglers.glesys.url, endpoint: manglers.s3.url },
      vault: { address: manglers.vault.url, auth },
    });
  for (const n of [1, 2]) await stage.glesys.account.create(stage.instance, `made by hand ${n}`);
  const foreign = stage.live().map(({ id }) => id);
  const replica = startAnew();
  await replica.settle();
  return { stage, replica, startAnew, secretId, manglers, foreign };
}

/** Every token of Vault begins alike. */
const TOKEN = 'hvs.';

function secretsOf({ stage, secretId }: Theatre): string[] {
  const key = stage.glesys.apiKey.reveal();
  return [key, secretId.reveal(), TOKEN, ...stage.live().map(({ secretAccessKey }) => secretAccessKey)];
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

/** Puts the stage where the next pass makes the call; returns whose pass it is to be. */
async function prepared({ stage, replica, startAnew }: Theatre, { made }: CallOfPass): Promise<Replica> {
  if (made === 'when a grace is over') {
    await replica.settle('billing', ASKED);
    stage.clock.advance(DAY + HOUR);
  }
  return made === 'at the start' ? startAnew() : replica;
}

/** One pass in which every answer to one call is mangled; then all is as it was. */
async function strike({ manglers }: Theatre, by: Replica, call: CallOfPass, mangling: Mangling): Promise<Outcome> {
  const mangler = manglers[call.server];
  mangler.aim({ at: call.at, mangling });
  const outcome = await by.pass('billing', call.made === 'by a rotation' ? ASKED : undefined);
  expect(mangler.struck, 'the call was made and its answer mangled').toBeGreaterThan(0);
  mangler.aim(undefined);
  return outcome;
}

const versionOf = ({ stage }: Theatre): number => stage.vault.vault.kv2().entry('apps/billing')?.current ?? 0;

/** What the mount says and what the list said is old by then; the last one makes a rotation due. */
const WAITS = [301_000, HOUR, 2 * DAY, 31 * DAY];

/** `nth`: so that each call meets manglings of its own. */
function property(name: string, kind: fc.Arbitrary<Mangling>, numRuns: number) {
  const call = CALLS[name];
  const nth = Object.keys(CALLS).indexOf(name);
  return async () => {
    if (!call) throw new Error(`there is no call ${name}`);
    let of = await theatre();
    // a credential that lives at the issuer and works, before and after each strike
    await fc.assert(
      fc.asyncProperty(kind, fc.constantFrom(...WAITS), async (mangling, waitMs) => {
        const { stage, foreign } = of;
        const by = await prepared(of, call);
        stage.clock.advance(waitMs);
        const before = versionOf(of);
        const outcome = await strike(of, by, call, mangling);
        expectFitToShow(outcome, of);
        expect(stage.works(), 'what Vault holds lives').toBe(true);
        expect(stage.record().generation).toBeGreaterThan(0);
        for (const id of foreign) expect(stage.live().map((one) => one.id)).toContain(id);
        if (outcome.did !== 'nothing' && outcome.did !== 'revoked') expect(versionOf(of)).toBe(before + 1);
        expectUnpolluted();
        of = await recovered(of);
      }),
      { ...runs(numRuns), seed: (runs(numRuns).seed ?? 0) + nth },
    );
  };
}

/** The servers are themselves again: rekeyd finds its way back by itself, or a new theatre is opened for the next run. */
async function recovered(of: Theatre): Promise<Theatre> {
  const { stage, replica, foreign } = of;
  // strays grow old and are entered, then graces end
  for (const waitMs of [HOUR, 2 * DAY, 2 * DAY]) {
    stage.clock.advance(waitMs);
    await replica.settle();
  }
  const { trouble } = await replica.settle();
  if (trouble || stage.live().length > foreign.length + 1) return theatre();
  stage.events.splice(0);
  return of;
}

test.each(Object.keys(CALLS))(
  'whatever is answered to %s, the secret in Vault works, no foreign key goes and nothing shows',
  (name) => property(name, manglings, 4)(),
  PATIENCE,
);

test.each(Object.keys(CALLS))(
  'an answer to %s that says something else in its right form leads to no harm either',
  (name) => property(name, misstatements, 3)(),
  PATIENCE,
);
