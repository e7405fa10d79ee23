import { join } from 'node:path';
import type { Bench } from './figure.ts';
import type { WrittenPolicy } from './policy.ts';
import { Program } from './program.ts';

/** Starts `rekeyd run` on a policy, as the container would. Its log goes beside the policy. */
export async function startDaemon(bench: Bench, policy: WrittenPolicy, name = 'rekeyd'): Promise<Program> {
  return Program.start({
    file: bench.program,
    args: ['run', '--config', policy.file],
    env: policy.env,
    log: join(policy.file, '..', `${name}.log`),
    compiled: bench.compiled,
  });
}
