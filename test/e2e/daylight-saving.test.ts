import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { ShiftedClock } from '../real/support/shifted-clock.ts';
import { runProgram, startProgram } from '../support/program.ts';
import type { RunningProcess } from '../support/running-process.ts';
import { useScene } from '../support/scene.ts';

/** The daemon as a process, with its sandbox, through the nights in which Stockholm's clocks change at 01:00 UTC. */
const scene = useScene();
/** Some seconds; more where the machine is busy. */
const PATIENCE_MS = 120_000;

/** A rotation begins within so many ms of its time, however busy the machine is. */
const AT_ONCE_MS = 60_000;

type Rotate = Readonly<Record<string, string>>;
type Line = Readonly<Record<string, unknown>>;

const stockholm = (cron: string, window?: string): Rotate => {
  return { cron, timezone: 'Europe/Stockholm', ...(window !== undefined && { window }) };
};
const utc = (cron: string): Rotate => ({ cron, timezone: 'UTC' });

/** One night of a daemon. */
class Night {
  readonly #clock = new ShiftedClock(scene);
  readonly #config: string;
  readonly #daemon: RunningProcess;

  private constructor(config: string, begin: string) {
    this.#config = config;
    this.#clock.set(begin);
    this.#daemon = startProgram(scene, ['run', '--config', config], this.#clock.env);
  }

  /** A daemon that lives at `begin` and has issued the first credential of each application. */
  static async from(begin: string, rotates: Readonly<Record<string, Rotate>>): Promise<Night> {
    const config = join(scene.dir, `night-of-${begin.slice(0, 10)}.yaml`);
    const applications = Object.entries(rotates).map(([name, rotate]) => [
      name,
      { issuer: 'local', path: `apps/${name}`, rotate, grace: '2m' },
    ]);
    const policy = {
      sandbox: {},
      owner: 'night',
      issuers: { local: { type: 'glesys', limits: { per_second: 100 } } },
      defaults: { consumers: { refresh: '1m' }, verify: { timeout: '10s' } },
      applications: Object.fromEntries(applications),
      scheduler: { resync: '5m', spread: '0s' },
      http: { listen: '127.0.0.1:0' },
    };
    await writeFile(config, stringify(policy));
    const night = new Night(config, begin);
    for (const name of Object.keys(rotates)) await night.rotated(name, 1);
    return night;
  }

  /** As if it was asleep until then. */
  wakeAt(date: string): void {
    this.#clock.set(date);
  }

  /** When the next rotation of each application is to be, by the command. */
  async planned(): Promise<Readonly<Record<string, string>>> {
    const { code, output } = await runProgram(
      scene,
      ['plan', '--days', '7', '--json', '--config', this.#config],
      this.#clock.env,
    );
    expect(code, output).toBe(0);
    const { coming } = JSON.parse(output) as { coming: { at: string; application: string; what: string }[] };
    const issues = coming.filter(({ what }) => what.startsWith('issue')).toReversed();
    return Object.fromEntries(issues.map(({ at, application }) => [application, at]));
  }

  /** When a generation was asked for, by the log: waited for. */
  async rotated(application: string, generation: number): Promise<number> {
    const find = () => this.lines('rotation.done', application).find((line) => line['generation'] === generation);
    await this.#daemon.until(`generation ${generation} of ${application}`, find, PATIENCE_MS);
    const [started] = this.lines('rotation.started', application).filter((line) => line['generation'] === generation);
    return Date.parse(String(started?.['time']));
  }

  lines(event: string, application: string): readonly Line[] {
    const lines = this.#daemon.stdout.map((line) => JSON.parse(line) as Line);
    return lines.filter((line) => line['event'] === event && line['application'] === application);
  }

  async end(): Promise<void> {
    expect(await this.#daemon.stop()).toEqual({ code: 0, signal: null });
  }
}

function expectAt(time: number, planned: string | undefined): void {
  const late = time - Date.parse(planned ?? '');
  expect(late).toBeGreaterThanOrEqual(0);
  expect(late).toBeLessThan(AT_ONCE_MS);
}

test('in spring, what falls into the hour that does not exist is done once, right after it, as plan says', {
  timeout: PATIENCE_MS,
}, async () => {
  const night = await Night.from('2027-03-28T00:50:00Z', {
    daily: stockholm('30 2 * * *'),
    yearly: stockholm('30 2 28 3 *'),
    windowed: stockholm('0 2 * * *', '30-45 2 * * *'),
    // its window has no minute that night
    closed: stockholm('55 1 * * *', '* 2 * * *'),
    witness: utc('1 1 * * *'),
  });
  const planned = await night.planned();
  expect(planned).toEqual({
    daily: '2027-03-28T01:00:00.000Z',
    yearly: '2027-03-28T01:00:00.000Z',
    windowed: '2027-03-28T01:00:00.000Z',
    closed: '2027-03-29T00:00:00.000Z',
    witness: '2027-03-28T01:01:00.000Z',
  });
  night.wakeAt('2027-03-28T00:59:59Z');
  for (const name of ['daily', 'yearly', 'windowed']) expectAt(await night.rotated(name, 2), planned[name]);
  const after = await night.planned();
  expect(after).toMatchObject({ daily: '2027-03-29T00:30:00.000Z', windowed: '2027-03-29T00:30:00.000Z' });
  expect(after['yearly']).toBeUndefined();
  night.wakeAt('2027-03-28T01:00:59Z');
  expectAt(await night.rotated('witness', 2), planned['witness']);
  for (const name of ['daily', 'yearly', 'windowed']) expect(night.lines('rotation.started', name)).toHaveLength(2);
  expect(night.lines('rotation.started', 'closed')).toHaveLength(1);
  await night.end();
});

test('in autumn, what falls into the hour that comes twice is done once, the first time, as plan says', {
  timeout: PATIENCE_MS,
}, async () => {
  const night = await Night.from('2027-10-31T00:10:00Z', {
    daily: stockholm('30 2 * * *'),
    yearly: stockholm('30 2 31 10 *'),
    windowed: stockholm('15 2 * * *', '30-45 2 * * *'),
    // a pattern with a step has both hours
    often: stockholm('*/30 2 * * *'),
    // comes after the second 02:30
    witness: utc('31 1 * * *'),
  });
  const planned = await night.planned();
  const first = '2027-10-31T00:30:00.000Z';
  const witness = '2027-10-31T01:31:00.000Z';
  expect(planned).toEqual({ daily: first, yearly: first, windowed: first, often: first, witness });
  night.wakeAt('2027-10-31T00:29:59Z');
  for (const name of ['daily', 'yearly', 'windowed', 'often']) expectAt(await night.rotated(name, 2), first);
  const after = await night.planned();
  expect(after).toMatchObject({ daily: '2027-11-01T01:30:00.000Z', often: '2027-10-31T01:00:00.000Z' });
  night.wakeAt('2027-10-31T01:00:00Z');
  expectAt(await night.rotated('often', 3), after['often']);
  night.wakeAt('2027-10-31T01:30:59Z');
  expectAt(await night.rotated('witness', 2), witness);
  await night.rotated('often', 4);
  for (const name of ['daily', 'yearly', 'windowed']) expect(night.lines('rotation.started', name)).toHaveLength(2);
  await night.end();
});
