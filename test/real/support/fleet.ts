import type { Daemon, LogLine } from './daemon.ts';
import { pathOf } from './record.ts';

/** So many applications: `app-01`, `app-02` and so on. */
export function namesOf(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `app-${String(index + 1).padStart(2, '0')}`);
}

/** As the policy has them, all alike. */
export function applicationsOf(
  names: readonly string[],
  members: Readonly<Record<string, unknown>>,
): Readonly<Record<string, Readonly<Record<string, unknown>>>> {
  return Object.fromEntries(names.map((name) => [name, { issuer: 'sto1', path: pathOf(name), ...members }]));
}

const isRotation = { event: 'rotation.done' } as const;

/** How often a daemon has rotated an application, or any. */
export function rotationsBy(daemon: Daemon, application?: string): number {
  return daemon.lines(application === undefined ? isRotation : { ...isRotation, application }).length;
}

/** Waits until a daemon has rotated so many more times, whatever the application. */
export async function untilRotated(daemon: Daemon, times: number, timeoutMs = 120_000): Promise<void> {
  const wanted = rotationsBy(daemon) + times;
  await daemon.until(isRotation, () => rotationsBy(daemon) >= wanted, timeoutMs);
}

/** Waits until a daemon has rotated each of the applications once more. */
export async function untilEachRotated(daemon: Daemon, names: readonly string[], timeoutMs = 120_000): Promise<void> {
  const before = new Map(names.map((name) => [name, rotationsBy(daemon, name)]));
  for (const [application, count] of before) {
    const like = { ...isRotation, application };
    await daemon.until(like, () => rotationsBy(daemon, application) > count, timeoutMs);
  }
}

/** Revocations by these daemons that began before the time that the record promised. */
export function earlyRevocations(daemons: readonly Daemon[]): readonly LogLine[] {
  return daemons.flatMap((daemon) =>
    daemon.lines({ event: 'credential.revoked' }).filter((line) => {
      // the line is written once the issuer has answered, so the call began that much earlier
      const began = Date.parse(String(line['time'])) - Number(line['duration_ms']);
      return !(began >= Date.parse(String(line['revoke_at'])));
    }),
  );
}
