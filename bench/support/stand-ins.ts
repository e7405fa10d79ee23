import { readPolicy } from '../../src/policy/load.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts';
import { type Seeding, seed } from './seed.ts';
import { Counter, type Tally } from './tally.ts';

/** How a bench finds the stand-ins. Their credentials open nothing else, and go over the channel to the parent only. */
export interface Introduction {
  readonly glesys: string;
  readonly s3: string;
  readonly vault: string;
  readonly project: string;
  readonly apiKey: string;
  readonly roleId: string;
  readonly secretId: string;
  readonly rootToken: string;
}

/** What the parent asks for; each question is answered with what is named behind it. */
export interface Questions {
  /** More instances: nothing. */
  readonly addInstances: { readonly ask: readonly string[]; readonly answer: null };
  /** Credentials and records for all applications of a policy: how many. */
  readonly seed: { readonly ask: Seeding & { readonly file: string }; readonly answer: number };
  /** Calls since the last time it was asked. */
  readonly tally: { readonly ask: null; readonly answer: Tally };
}

export interface Message<Q extends keyof Questions = keyof Questions> {
  readonly id: number;
  readonly question: Q;
  readonly ask: Questions[Q]['ask'];
}

type Answers = { readonly [Q in keyof Questions]: (ask: Questions[Q]['ask']) => Promise<Questions[Q]['answer']> };

/** The stand-ins in a process of their own, so that what they cost is not counted as rekeyd's. */
const counter = new Counter();
const sandbox = await startSandbox();
const answers = answersOf(sandbox);
process.on('message', (message: Message) => void answer(message));
process.on('disconnect', () => process.exit(0));
process.send?.(introduction(sandbox));

async function answer({ id, question, ask }: Message): Promise<void> {
  const reply = answers[question] as (ask: unknown) => Promise<unknown>;
  try {
    process.send?.({ id, answer: await reply(ask) });
  } catch (error) {
    process.send?.({ id, error: String(error) });
  }
}

function answersOf(standIns: Sandbox): Answers {
  return {
    addInstances: async (ids) => {
      for (const id of ids) standIns.addInstance(id);
      return null;
    },
    seed: async ({ file, ...seeding }) => seed(standIns, (await readPolicy(file, {})).complete(), seeding),
    tally: async () => counter.take(),
  };
}

function introduction({ glesys, s3, vault, project, apiKey, roleId, secretId, rootToken }: Sandbox): Introduction {
  return {
    glesys,
    s3,
    vault,
    project,
    apiKey: apiKey.reveal(),
    roleId: roleId.reveal(),
    secretId: secretId.reveal(),
    rootToken: rootToken.reveal(),
  };
}
