import { cpus, loadavg, release, totalmem } from 'node:os';
import { VERSION } from '../../src/version.ts';

/** What a number depends on besides the code: stands beside it in the results. */
export function machine(): object {
  const [cpu] = cpus();
  return {
    at: new Date().toISOString(),
    rekeyd: VERSION,
    node: process.version,
    machine: {
      cpu: cpu?.model ?? 'unknown',
      cores: cpus().length,
      memory_gb: Math.round(totalmem() / 2 ** 30),
      linux: release(),
      load_at_start: Number((loadavg()[0] ?? 0).toFixed(2)),
    },
  };
}
