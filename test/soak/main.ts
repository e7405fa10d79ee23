import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

/** `npm run soak -- --minutes N [--seed S]`: everything that can go wrong, mixed at random, for so many minutes. */
const { values } = parseArgs({ options: { minutes: { type: 'string' }, seed: { type: 'string' } } });
const minutes = Number(values.minutes ?? 10);
if (!(minutes > 0)) throw new Error('--minutes takes a number above 0');

const ROOT = join(import.meta.dirname, '..', '..');
const env = {
  ...process.env,
  REKEYD_SOAK_MINUTES: String(minutes),
  REKEYD_TEST_SEED: values.seed ?? process.env['REKEYD_TEST_SEED'] ?? String(randomInt(1e9)),
};
const args = ['vitest', 'run', '--config', 'vitest.soak.config.ts'];
const child = spawn('npx', args, { cwd: ROOT, env, stdio: 'inherit' });
const [code] = (await once(child, 'close')) as [number | null];
process.exitCode = code ?? 1;
