import { buildParts, type Parts } from '../parts.ts';
import type { Report } from '../rotation/events.ts';
import { cryptoHex, replicaName, systemClock } from '../system.ts';
import { type ReadyPolicy, readyPolicy } from './ready-policy.ts';
import type { Terminal } from './terminal.ts';

/** A command is one more replica: it needs no daemon, and any number may act at the same moment. */
export function replicaParts({ policy, loadedAt }: ReadyPolicy, terminal: Terminal, report: Report): Parts {
  return buildParts(policy, {
    clock: systemClock,
    random: cryptoHex,
    replica: replicaName(),
    report,
    policyLoadedAt: loadedAt,
    env: terminal.env,
  });
}

/** Runs `use` with a replica and tidies up after it, however it ends. `report`: hears what it does. */
export async function withReplica<T>(
  file: string,
  terminal: Terminal,
  use: (parts: Parts) => Promise<T>,
  report: Report = () => {},
): Promise<T> {
  const ready = await readyPolicy(file, terminal);
  const parts = replicaParts(ready, terminal, report);
  try {
    return await use(parts);
  } finally {
    await parts.close();
    await ready.release();
  }
}
