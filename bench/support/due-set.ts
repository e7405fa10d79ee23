import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startDaemon } from './daemon.ts';
import type { Bench } from './figure.ts';
import { type WrittenPolicy, writePolicy } from './policy.ts';
import { Program } from './program.ts';
import type { Servers } from './servers.ts';
import { callsIn, merged, type Tally } from './tally.ts';

/** One issuer, one instance, every application on it due at once. */
export interface DueSet {
  readonly servers: Servers;
  readonly instance: string;
  readonly policy: WrittenPolicy;
  readonly size: number;
  /** Rotations at once. */
  readonly concurrency: number;
  /** What each answer comes later, in ms. */
  readonly delayMs: number;
}

/** No limit to anything that is measured with a due set. */
const PER_SECOND = 1_000;
/** Without a call for so long, beside two answers, a program has ended its work. */
const QUIET_MS = 200;

/** How a program did on a due set. */
export interface Run {
  /** From the answer to the first read to the answer to the last write beside a secret, by the servers' clock. */
  readonly seconds: number;
  /** CPU time of the program from when it was up, in ms. */
  readonly cpuMs: number;
  readonly tally: Tally;
  /** From the start of the process to its last rotation. */
  readonly wholeSeconds: number;
}

let made = 0;

/** On an instance of its own: what another run left behind is in nobody's list. */
export async function makeDue(
  bench: Bench,
  spec: Pick<DueSet, 'servers' | 'size' | 'concurrency' | 'delayMs'>,
): Promise<DueSet> {
  made += 1;
  const { servers, size, concurrency, delayMs } = spec;
  const instance = `os-due-${made}`;
  const issuers = { sto1: { servers, instance, concurrency, perSecond: PER_SECOND } };
  const policy = await writePolicy({ dir: await bench.dir(instance), issuers, applications: size });
  const past = Date.now() - 60_000;
  await servers.ask('seed', { file: policy.file, dueFrom: past, dueTo: past });
  await servers.delay(delayMs);
  await servers.ask('tally', null);
  return { ...spec, instance, policy };
}

/** rekeyd, until all are rotated. */
export async function runRekeyd(bench: Bench, due: DueSet): Promise<Run> {
  const daemon = await startDaemon(bench, due.policy);
  return watched(daemon, due, 'daemon.started', (timeoutMs) => daemon.until('rotation.done', due.size, timeoutMs));
}

/** A script that says `NAME.started` and `NAME.done`; `says`: its name. */
export async function runScript(
  bench: Bench,
  due: DueSet,
  script: { readonly file: string; readonly env: Readonly<Record<string, string>>; readonly says: string },
): Promise<Run> {
  const { file, env, says } = script;
  const log = join(due.policy.file, '..', `${says}.log`);
  const program = await Program.start({ file, args: [], env, log, compiled: bench.compiled });
  return watched(program, due, `${says}.started`, (timeoutMs) => program.until(`${says}.done`, 1, timeoutMs));
}

/** A collapse is to be noticed, not to be waited for: so long is allowed per rotation, beside its calls. */
const LONGEST = { upMs: 60_000, perRotationMs: 200, callsOnPath: 20 } as const;

async function watched(
  program: Program,
  { servers, size, concurrency, delayMs }: DueSet,
  up: string,
  whenDone: (timeoutMs: number) => Promise<unknown>,
): Promise<Run> {
  await program.until(up, 1, LONGEST.upMs);
  const before = await program.usage();
  await whenDone(LONGEST.upMs + size * (LONGEST.perRotationMs + (LONGEST.callsOnPath * delayMs) / concurrency));
  const wholeSeconds = (Date.now() - program.startedAt) / 1_000;
  const tally = await settledTally(servers, delayMs);
  const after = await program.usage();
  await program.stop();
  return { seconds: secondsOf(tally), cpuMs: (after.cpuSeconds - before.cpuSeconds) * 1_000, tally, wholeSeconds };
}

/** The calls until no more come: what a program does after its last word belongs to it too. */
async function settledTally(servers: Servers, delayMs: number): Promise<Tally> {
  let all = await servers.ask('tally', null);
  for (;;) {
    await sleep(2 * delayMs + QUIET_MS);
    const more = await servers.ask('tally', null);
    if (callsIn(more) === 0) return all;
    all = merged(all, more);
  }
}

function secondsOf(tally: Tally): number {
  const from = tally['vault: read']?.firstAt ?? Number.NaN;
  return (Math.max(...Object.values(tally).map(({ lastAt = 0 }) => lastAt)) - from) / 1_000;
}
