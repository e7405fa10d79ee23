import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { request } from 'undici';
import type { Fault } from '../../src/sandbox/faults.ts';
import type { Introduction, Questions } from './stand-ins.ts';

const STAND_INS = join(import.meta.dirname, 'stand-ins.ts');
/** For 100,000 applications' credentials and records. */
const HEAP_MB = 4_096;

type Reply = { readonly id: number; readonly answer: unknown } | { readonly id: number; readonly error: string };

/** GleSYS, S3 and Vault stand-ins in one process of their own. */
export class Servers {
  readonly at: Introduction;
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, (reply: Reply) => void>();
  #asked = 0;

  private constructor(child: ChildProcess, at: Introduction) {
    this.#child = child;
    this.at = at;
    child.on('message', (reply: Reply) => this.#waiting.get(reply.id)?.(reply));
    child.once('exit', (code) => this.#fail(`the stand-ins ended with ${code}`));
  }

  static async start(): Promise<Servers> {
    const child = fork(STAND_INS, { execArgv: [`--max-old-space-size=${HEAP_MB}`], serialization: 'advanced' });
    const [introduction] = (await once(child, 'message')) as [Introduction];
    return new Servers(child, introduction);
  }

  /** Its id, for /proc. */
  get pid(): number {
    return this.#child.pid ?? 0;
  }

  async ask<Q extends keyof Questions>(question: Q, ask: Questions[Q]['ask']): Promise<Questions[Q]['answer']> {
    const id = ++this.#asked;
    const replied = new Promise<Reply>((resolve) => this.#waiting.set(id, resolve));
    this.#child.send({ id, question, ask });
    const reply = await replied;
    this.#waiting.delete(id);
    if ('error' in reply) throw new Error(reply.error);
    return reply.answer as Questions[Q]['answer'];
  }

  /** Each answer of all three comes so many ms later from now on. */
  async delay(ms: number): Promise<void> {
    for (const server of ['glesys', 's3', 'vault'] as const) {
      await this.heal(server);
      if (ms > 0) await this.fault(server, { fault: 'delay', delay_ms: ms });
    }
  }

  async fault(server: 'glesys' | 's3' | 'vault', fault: Fault): Promise<void> {
    const answer = await request(`${this.at[server]}/_sandbox/faults`, { method: 'POST', body: JSON.stringify(fault) });
    await answer.body.dump();
    if (answer.statusCode !== 201) throw new Error(`the stand-in answered ${answer.statusCode} to a fault`);
  }

  async heal(server: 'glesys' | 's3' | 'vault'): Promise<void> {
    await (await request(`${this.at[server]}/_sandbox/faults`, { method: 'DELETE' })).body.dump();
  }

  async close(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.disconnect();
    await ended;
  }

  #fail(error: string): void {
    for (const [id, resolve] of this.#waiting) resolve({ id, error });
  }
}
