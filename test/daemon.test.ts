import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { request } from 'undici';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Daemon, type DaemonOptions, startDaemon } from '../src/daemon.ts';
import { readPolicy } from '../src/policy/load.ts';
import type { Policy } from '../src/policy/policy.ts';
import { type Sandbox, startSandbox } from '../src/sandbox/sandbox.ts';
import { cryptoHex, systemClock } from '../src/system.ts';
import { createLogger } from '../src/telemetry/log.ts';
import { VERSION } from '../src/version.ts';
import { poll } from './support/poll.ts';
import { useScene } from './support/scene.ts';

/** The daemon in this process, put together as `run` does it, on servers of its own and asked over HTTP. */
const scene = useScene();
const PATIENCE_MS = 30_000;
/** What waits for minutes otherwise comes back at once. */
const IMPATIENT = { backoffFromMs: 50, probeAfterMs: [50] };

let sandbox: Sandbox;
let daemons: Daemon[] = [];

beforeEach(async () => {
  sandbox = await startSandbox();
});

afterEach(async () => {
  for (const daemon of daemons) await daemon.stop();
  daemons = [];
  await sandbox.close();
});

type Line = Readonly<Record<string, unknown>>;

/** What was logged, and a way to wait for more. */
class Log extends Writable {
  readonly lines: Line[] = [];
  readonly #waiting = new Set<() => void>();

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    for (const line of chunk.toString().trimEnd().split('\n')) this.lines.push(JSON.parse(line));
    for (const look of this.#waiting) look();
    done();
  }

  of(wanted: Line): Line[] {
    const members = Object.entries(wanted);
    return this.lines.filter((line) => members.every(([key, value]) => line[key] === value));
  }

  /** The first line that has all these members, as soon as it is there. */
  until(wanted: Line): Promise<Line> {
    const { promise, resolve, reject } = Promise.withResolvers<Line>();
    const timer = setTimeout(() => {
      const events = this.lines.map((line) => `${line['event']} ${line['application'] ?? ''}`);
      reject(new Error(`waited for ${JSON.stringify(wanted)}, but logged was only: ${events.join(', ')}`));
    }, PATIENCE_MS);
    const look = () => {
      const [found] = this.of(wanted);
      if (found) resolve(found);
    };
    this.#waiting.add(look);
    look();
    return promise.finally(() => {
      clearTimeout(timer);
      this.#waiting.delete(look);
    });
  }
}

type Patience = Pick<DaemonOptions, 'backoffFromMs' | 'probeAfterMs'>;

interface Wish extends Patience {
  /** YAML of issuers beside `good`, which works. */
  readonly issuers?: string;
  readonly applications: string;
  readonly grace?: string;
  readonly resync?: string;
  readonly http?: string;
}

interface Running {
  readonly daemon: Daemon;
  readonly log: Log;
  ask(path: string, headers?: Record<string, string>): Promise<{ status: number; text: string }>;
  /** Waits until the API shows the application like this. */
  shows(application: string, wanted: object): Promise<void>;
  /** The samples whose text begins so. */
  samples(start: string): Promise<string[]>;
}

function issuer(name: string, more: string, keyFile = 'api-key'): string {
  const servers = `project: ${sandbox.project}, api: "${sandbox.glesys}", endpoint: "${sandbox.s3}", region: sandbox`;
  return `  ${name}: { type: glesys, ${servers}, api_key: { file: ${keyFile} }, ${more} }\n`;
}

async function policyOf({ issuers = '', applications, grace = '2h', resync = '5m', http = '127.0.0.1:0' }: Wish) {
  const file = join(scene.dir, 'daemon.yaml');
  await writeFile(join(scene.dir, 'api-key'), sandbox.apiKey.reveal());
  await writeFile(join(scene.dir, 'role-id'), sandbox.roleId.reveal());
  await writeFile(join(scene.dir, 'secret-id'), sandbox.secretId.reveal());
  await writeFile(
    file,
    `
owner: daemon-test
issuers:
${issuer('good', `instance: ${sandbox.instance}, limits: { per_second: 100, credentials: 50 }`)}${issuers}
vault: { address: "${sandbox.vault}", auth: { method: approle, role_id: { file: role-id }, secret_id: { file: secret-id } } }
defaults: { rotate: { every: 30d }, grace: ${grace}, verify: { timeout: 10s, successes: 1 } }
scheduler: { resync: ${resync}, spread: 0s }
http: { listen: ${http} }
applications:
${applications}`,
  );
  return (await readPolicy(file, {}, systemClock.now())).complete();
}

async function start(wish: Wish): Promise<Running> {
  return launch(await policyOf(wish), wish);
}

async function launch(policy: Policy, { backoffFromMs, probeAfterMs }: Patience): Promise<Running> {
  const log = new Log();
  const daemon = await startDaemon(policy, {
    logger: createLogger({ level: 'debug', isPretty: false, destination: log }),
    clock: systemClock,
    random: cryptoHex,
    replica: 'daemon-test-1',
    policyLoadedAt: systemClock.now(),
    env: {},
    ...(backoffFromMs !== undefined && { backoffFromMs }),
    ...(probeAfterMs && { probeAfterMs }),
  });
  daemons.push(daemon);
  const ask: Running['ask'] = async (path, headers = {}) => {
    const url = `http://127.0.0.1:${daemon.http.address.port}${path}`;
    const { statusCode, body } = await request(url, { headers });
    return { status: statusCode, text: await body.text() };
  };
  return {
    daemon,
    log,
    ask,
    shows: async (application, wanted) => {
      let last: unknown;
      const looks = poll(`${application} to be ${JSON.stringify(wanted)}`, PATIENCE_MS, async () => {
        last = JSON.parse((await ask(`/api/v1/applications/${application}`)).text);
        expect(last).toMatchObject(wanted);
        return true;
      });
      await looks.catch((error: Error) => Promise.reject(new Error(`${error.message}; last: ${JSON.stringify(last)}`)));
    },
    samples: async (begin) => {
      const { text } = await ask('/metrics');
      return text.split('\n').filter((line) => line.startsWith(begin));
    },
  };
}

const plain = (name: string, by = 'good') => `  ${name}: { issuer: ${by}, path: apps/${name} }\n`;

/** One application of each kind; what is wrong is one thing each, which `mend` sets right. */
async function troubled(more: Partial<Wish> = {}): Promise<Running & { mend: Record<string, () => unknown> }> {
  const [full, wrong] = [sandbox.addInstance(), sandbox.addInstance()];
  const foreign = await sandbox.account.create(full, 'made by hand');
  await writeFile(join(scene.dir, 'wrong-key'), 'not-the-key');
  sandbox.vaultStore.poke('apps/refused', { access_key_id: 'AKIAHAND', secret_access_key: cryptoHex(20) });
  const running = await start({
    issuers:
      issuer('full', `instance: ${full}, limits: { per_second: 100, credentials: 1 }`) +
      issuer('wrong', `instance: ${wrong}, limits: { per_second: 100 }`, 'wrong-key'),
    applications:
      plain('well') + plain('refused') + plain('fine') + plain('blocked', 'full') + plain('failing', 'wrong'),
    ...more,
  });
  const mend = {
    refused: () => sandbox.vaultStore.poke('apps/refused', {}),
    blocked: () => sandbox.account.remove(full, foreign.id),
    failing: () => writeFile(join(scene.dir, 'wrong-key'), sandbox.apiKey.reveal()),
  };
  return { ...running, mend };
}

test('how each application ended is what the API and the metrics show, and what the log says', async () => {
  const { log, ask, shows, samples } = await troubled();
  await shows('well', { state: 'current', generation: 1, failures: 0, issuer: 'good', path: 'apps/well' });
  await shows('fine', { state: 'current', generation: 1 });
  await shows('refused', { state: 'refused', trouble: { kind: 'refused', code: 'unmanaged' } });
  await shows('blocked', { state: 'blocked', trouble: { kind: 'blocked', code: 'quota-full' } });
  await shows('failing', { state: 'failing', trouble: { kind: 'failed', code: 'issuer-unauthorized' } });

  const { applications } = JSON.parse((await ask('/api/v1/applications')).text);
  const states = applications.map((one: Line) => [one['application'], one['state']]);
  expect(Object.fromEntries(states)).toEqual({
    well: 'current',
    fine: 'current',
    refused: 'refused',
    blocked: 'blocked',
    failing: 'failing',
  });
  const [well] = applications;
  expect(well.next_at).toBe(well.rotate_at);
  expect((await samples('rekeyd_application_trouble{')).toSorted()).toEqual([
    'rekeyd_application_trouble{application="blocked",kind="blocked",code="quota-full"} 1',
    'rekeyd_application_trouble{application="failing",kind="failed",code="issuer-unauthorized"} 1',
    'rekeyd_application_trouble{application="refused",kind="refused",code="unmanaged"} 1',
  ]);
  expect(log.of({ event: 'rotation.done', application: 'well', level: 'info' })).toHaveLength(1);
  expect(log.of({ event: 'application.refused', application: 'refused', code: 'unmanaged' })).toHaveLength(1);
  expect(log.of({ event: 'rotation.blocked', application: 'blocked', code: 'quota-full' })).toHaveLength(1);
  expect(log.of({ event: 'pass.failed', application: 'failing', code: 'issuer-unauthorized' })).not.toEqual([]);
});

test('the calls of the last minute that the API shows of an issuer are those that the metrics hear of', async () => {
  const { ask, shows, samples } = await start({ applications: plain('one') });
  await shows('one', { state: 'current', generation: 1 });
  const counted = async () => {
    const lines = await samples('rekeyd_call_duration_seconds_count{server="issuer good"');
    return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
  };
  const [good] = JSON.parse((await ask('/api/v1/issuers')).text).issuers;
  expect(good.calls_last_minute).toBeGreaterThan(0);
  expect(good.calls_last_minute).toBe(await counted());
});

test('what was in trouble goes on by itself once its cause is mended', async () => {
  const { log, shows, mend, samples } = await troubled({ ...IMPATIENT, resync: '1s' });
  await shows('refused', { state: 'refused' });
  await shows('blocked', { state: 'blocked' });
  await shows('failing', { state: 'failing' });
  for (const name of ['refused', 'blocked', 'failing']) {
    await mend[name]?.();
    await log.until({ event: 'rotation.done', application: name });
    await log.until({ event: 'application.recovered', application: name });
    await shows(name, { state: 'current', generation: 1, failures: 0 });
  }
  expect(await samples('rekeyd_application_trouble{')).toEqual([]);
  expect(log.of({ event: 'daemon.started' })).toHaveLength(1);
});

test('a rotation that is under way shows as such', async () => {
  // refused for as long as the test wants
  sandbox.servers.s3.faults.add({ fault: 'status', status: 403, method: 'GET' });
  const { log, shows, samples } = await start({ applications: plain('one') });
  await log.until({ event: 'credential.issued', application: 'one' });
  await shows('one', { state: 'rotating' });
  expect(await samples('rekeyd_application_state{application="one",state="rotating"}')).toEqual([
    'rekeyd_application_state{application="one",state="rotating"} 1',
  ]);
  sandbox.servers.s3.faults.clear();
  await shows('one', { state: 'current', generation: 1 });
});

test('what happens is counted and timed in the metrics', async () => {
  const { samples, shows } = await start({ applications: plain('one') + plain('two') });
  for (const name of ['one', 'two']) await shows(name, { state: 'current' });
  expect(await samples('rekeyd_rotations_total{')).toEqual(
    expect.arrayContaining([
      'rekeyd_rotations_total{application="one",result="done"} 1',
      'rekeyd_rotations_total{application="two",result="done"} 1',
      'rekeyd_rotations_total{application="two",result="failed"} 0',
    ]),
  );
  for (const step of ['issue', 'verify', 'publish', 'read_back']) {
    expect(await samples(`rekeyd_step_duration_seconds_count{step="${step}"}`)).toEqual([
      `rekeyd_step_duration_seconds_count{step="${step}"} 2`,
    ]);
  }
});

test('the version that runs and how often it really looks are in the metrics', async () => {
  const { samples } = await start({ applications: plain('one'), resync: '7m' });
  expect(await samples('rekeyd_resync_seconds')).toEqual(['rekeyd_resync_seconds 420']);
  expect(await samples('rekeyd_build_info')).toEqual([`rekeyd_build_info{version="${VERSION}"} 1`]);
  expect(await samples('process_resident_memory_bytes ')).toHaveLength(1);
});

test('the credentials of each list are counted by whose they are, beside their limit', async () => {
  await sandbox.account.create(sandbox.instance, 'made by hand');
  await sandbox.account.create(sandbox.instance, `rekeyd:daemon-test/gone/1/0a1b2c3d-${'0'.repeat(16)}`);
  await sandbox.account.create(sandbox.instance, `rekeyd:somebody-else/one/1/0a1b2c3d-${'0'.repeat(16)}`);
  const { samples, shows } = await start({ applications: plain('one'), resync: '1s' });
  await shows('one', { state: 'current' });
  const wanted = ['ours"} 1', 'unclaimed"} 1', 'foreign"} 2'].map(
    (end) => `rekeyd_issuer_credentials{issuer="good",kind="${end}`,
  );
  await poll('a list that has the new credential', PATIENCE_MS, async () => {
    expect(await samples('rekeyd_issuer_credentials{')).toEqual(wanted);
    return true;
  });
  expect(await samples('rekeyd_issuer_credentials_limit{')).toEqual([
    'rekeyd_issuer_credentials_limit{issuer="good"} 50',
  ]);
});

test('it is not ready, and says what is missing, until it has logged in and looked at everything once', async () => {
  sandbox.vaultCore.sealed = true;
  const { ask, log } = await start({ applications: plain('one'), ...IMPATIENT });
  const unlooked = 'the applications of issuer good have not been looked at yet';
  const before = await ask('/readyz');
  expect(before.status).toBe(503);
  expect(JSON.parse(before.text).missing).toContain(unlooked);
  await log.until({ event: 'pass.failed', application: 'one' });
  await poll('only the login to be missing', PATIENCE_MS, async () => {
    const looked = await ask('/readyz');
    expect(looked.status).toBe(503);
    expect(JSON.parse(looked.text).missing).toEqual(['no login to Vault yet']);
    return true;
  });
  expect((await ask('/healthz')).status).toBe(200);

  sandbox.vaultCore.sealed = false;
  await poll('it to be ready', PATIENCE_MS, async () => ((await ask('/readyz')).status === 200 ? true : undefined));
  await log.until({ event: 'rotation.done', application: 'one' });
});

test('with a login that Vault refuses it is not ready, says why, and is as soon as the credentials are right', async () => {
  const policy = await policyOf({ applications: plain('one') });
  await writeFile(join(scene.dir, 'secret-id'), 'not-the-secret-id');
  const { ask, log } = await launch(policy, IMPATIENT);
  await log.until({ event: 'pass.failed', application: 'one', code: 'vault-login-rejected' });
  const refused = await ask('/readyz');
  expect(refused.status).toBe(503);
  expect(JSON.parse(refused.text).missing).toContainEqual(expect.stringMatching(/^no login to Vault: .+/));
  await writeFile(join(scene.dir, 'secret-id'), sandbox.secretId.reveal());
  await poll('it to be ready', PATIENCE_MS, async () => ((await ask('/readyz')).status === 200 ? true : undefined));
});

test('off loopback the token of the policy is needed to read, but not for health and metrics', async () => {
  const token = cryptoHex(16);
  await writeFile(join(scene.dir, 'http-token'), `${token}\n`);
  const { ask } = await start({ applications: plain('one'), http: '0.0.0.0:0, token: { file: http-token }' });
  for (const path of ['/api/v1/applications', '/api/v1/applications/one']) {
    expect((await ask(path)).status).toBe(401);
    expect((await ask(path, { authorization: 'Bearer wrong' })).status).toBe(401);
    expect((await ask(path, { authorization: `Bearer ${token}` })).status).toBe(200);
  }
  expect((await ask('/healthz')).status).toBe(200);
  expect((await ask('/metrics')).status).toBe(200);
});

test('with the token of the policy an application is rotated over HTTP at once, whatever stands before it', async () => {
  const token = cryptoHex(16);
  await writeFile(join(scene.dir, 'http-token'), token);
  const { daemon, shows } = await start({
    applications: plain('one'),
    http: '127.0.0.1:0, token: { file: http-token }',
  });
  await shows('one', { state: 'current', generation: 1 });
  const url = `${daemon.http.url}/api/v1/applications/one/rotate`;
  const headers = { authorization: `Bearer ${token}` };
  const { statusCode, body } = await request(url, { method: 'POST', headers });
  expect(statusCode).toBe(200);
  expect(await body.json()).toMatchObject({ application: 'one', generation: 2, superseded: [{ why: 'rotated' }] });
});

test('told to stop while a look waits for a slow server, it does not wait for that', async () => {
  const { daemon, log, shows } = await start({ applications: plain('one'), resync: '1s' });
  await shows('one', { state: 'current' });
  sandbox.servers.glesys.faults.add({ fault: 'delay', delay_ms: 600_000 });
  await poll('a list that waits', PATIENCE_MS, async () =>
    sandbox.servers.glesys.faults.list().some(({ struck }) => struck > 0) ? true : undefined,
  );
  await daemon.stop();
  daemons = [];
  expect(log.lines.at(-1)).toMatchObject({ event: 'daemon.stopped' });
});

/** Breaks a server for everybody, and sets it right again. */
const outages = {
  Vault: {
    on: () => {
      sandbox.vaultCore.sealed = true;
    },
    off: () => {
      sandbox.vaultCore.sealed = false;
    },
    code: 'vault-circuit-open',
  },
  'issuer good': {
    on: () => sandbox.servers.glesys.faults.add({ fault: 'status', status: 500 }),
    off: () => sandbox.servers.glesys.faults.clear(),
    code: 'issuer-circuit-open',
  },
};

test.each(['Vault', 'issuer good'] as const)(
  '%s failing for everybody is said once, shown in the metrics, and said again when it is over',
  async (server) => {
    const { on, off, code } = outages[server];
    on();
    const { log, samples, shows } = await start({ applications: plain('one') + plain('two'), ...IMPATIENT });
    const opened = await log.until({ event: 'circuit.opened', server });
    expect(opened).toMatchObject({ level: 'error', code });
    expect(opened['reason']).toEqual(expect.any(String));
    expect(await samples(`rekeyd_circuit_open{server="${server}"}`)).toEqual([
      `rekeyd_circuit_open{server="${server}"} 1`,
    ]);
    off();
    await log.until({ event: 'circuit.closed', server, level: 'info' });
    for (const name of ['one', 'two']) await shows(name, { state: 'current', generation: 1 });
    expect(await samples(`rekeyd_circuit_open{server="${server}"}`)).toEqual([
      `rekeyd_circuit_open{server="${server}"} 0`,
    ]);
    expect(log.of({ event: 'circuit.opened' })).toHaveLength(1);
  },
);

test('what the policy allows but asks for trouble is logged at the start, for each application', async () => {
  const { log } = await start({ applications: plain('one') + plain('two'), grace: '1h' });
  const warnings = log.of({ event: 'policy.warning', level: 'warn' });
  expect(warnings.map((line) => line['application']).toSorted()).toEqual(['one', 'two']);
  for (const line of warnings) expect(line).toMatchObject({ code: expect.any(String), msg: expect.any(String) });
});

test('told to stop, it says so, answers no more and starts nothing again', async () => {
  const { daemon, log, ask, shows } = await start({ applications: plain('one') });
  await shows('one', { state: 'current' });
  await daemon.stop();
  daemons = [];
  expect(log.lines.slice(-2).map((line) => line['event'])).toEqual(['daemon.stopping', 'daemon.stopped']);
  await expect(ask('/healthz')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});
