import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { Checks } from '../checks.ts';
import { expectThat, IMAGES, inspect, PORT, podman, removeAll, uniqueName, until } from './podman.ts';

const APPLICATIONS = 100;
/** What 100 applications may need, as `podman stats` counts it. */
const MOST_MB = 100;
/** From the beginning of its process until it is ready, in ms: the aim, which is told, and where it has collapsed. */
const READY_MS = { aim: 1_000, collapsed: 5_000 } as const;
/** The best of them counts: what else the machine does is not what this is about. */
const STARTS = 3;
/** As docker-compose.yml has it: room for the health check beside it. */
const MEMORY = ['--memory', '160m', '--memory-swap', '160m'];
const LOCKED_DOWN = [
  '--read-only',
  '--read-only-tmpfs=false',
  '--cap-drop',
  'all',
  '--security-opt',
  'no-new-privileges',
];

/** Everything that rekeyd needs, in a network of its own. */
interface Site {
  readonly network: string;
  readonly folder: string;
  readonly vault: string;
  readonly sandbox: string;
  readonly secrets: Readonly<Record<'root' | 'key' | 'http', string>>;
}

interface Application {
  readonly generation?: number;
}

/**
 * A locked down rekeyd with 100 applications against a real Vault, from its start to SIGTERM. It logs in as root, to keep
 * this short: docker-compose.yml and `npm run test:real` give it the least rights.
 */
export async function checkDaemon(checks: Checks, folder: string): Promise<void> {
  const site = open(folder);
  const name = uniqueName('rekeyd');
  await start(site);
  const url = await checkStart(checks, site, name);
  await checkWork(checks, site, name, url);
  await checkEnd(checks, name);
  removeAll();
}

function open(folder: string): Site {
  const secret = (): string => randomBytes(20).toString('hex');
  const secrets = { root: secret(), key: secret(), http: secret() };
  for (const [name, value] of Object.entries(secrets)) writeFileSync(join(folder, name), value, { mode: 0o644 });
  return { network: uniqueName('net'), folder, vault: uniqueName('vault'), sandbox: uniqueName('sandbox'), secrets };
}

async function start({ network, folder, vault, sandbox, secrets }: Site): Promise<void> {
  podman('network', 'create', network);
  const token = `VAULT_DEV_ROOT_TOKEN_ID=${secrets.root}`;
  podman('run', '-d', '--name', vault, '--network', network, '-e', token, IMAGES.vault, 'server', '-dev');
  const listen = ['--glesys', '0.0.0.0:7070', '--s3', '0.0.0.0:7071'];
  const known = ['--instance', 'os-ci', '--api-key-file', '/run/key'];
  const mounted = ['-v', `${join(folder, 'key')}:/run/key:ro`];
  podman(
    'run',
    '-d',
    '--name',
    sandbox,
    '--network',
    network,
    ...LOCKED_DOWN,
    ...mounted,
    IMAGES.rekeyd,
    'sandbox',
    '--off-loopback',
    ...listen,
    ...known,
  );
  await until('Vault', 60_000, async () =>
    podman('exec', '-e', 'VAULT_ADDR=http://127.0.0.1:8200', vault, 'vault', 'status'),
  );
}

function policy({ vault, sandbox }: Site): string {
  const names = Array.from({ length: APPLICATIONS }, (_, n) => `app-${n + 1}`);
  return stringify({
    owner: 'ci',
    issuers: {
      sto1: {
        type: 'glesys',
        project: 'cl12345',
        api_key: { file: '/run/rekeyd/key' },
        instance: 'os-ci',
        api: `http://${sandbox}:7070`,
        endpoint: `http://${sandbox}:7071`,
        region: 'ci',
        allow_http: true,
        limits: { concurrency: 4, per_second: 50, credentials: 1_000 },
      },
    },
    vault: {
      address: `http://${vault}:8200`,
      allow_http: true,
      auth: { method: 'token', token: { file: '/run/rekeyd/root' } },
    },
    defaults: { rotate: { every: '30d' }, grace: '24h' },
    applications: Object.fromEntries(names.map((name) => [name, { issuer: 'sto1', path: `apps/${name}` }])),
    scheduler: { spread: '0s' },
    http: { listen: '0.0.0.0:8080', token: { file: '/run/rekeyd/http' } },
  });
}

/** Where it answers. */
async function checkStart(checks: Checks, site: Site, name: string): Promise<string> {
  writeFileSync(join(site.folder, 'rekeyd.yaml'), policy(site));
  const url = `http://127.0.0.1:${PORT}`;
  await checks.check('it starts, locked down, and gets ready', async () => {
    const mounted = ['-v', `${site.folder}:/run/rekeyd:ro`, '-e', 'REKEYD_CONFIG=/run/rekeyd/rekeyd.yaml'];
    const published = [...MEMORY, '--network', site.network, '-p', `127.0.0.1:${PORT}:8080`];
    podman('create', '--name', name, ...published, ...LOCKED_DOWN, ...mounted, IMAGES.rekeyd);
    const took = [await readyAfter(name, url)];
    while (took.length < STARTS) {
      podman('stop', '-t', '30', name);
      took.push(await readyAfter(name, url));
    }
    const best = Math.min(...took);
    const verdict = best <= READY_MS.aim ? 'met' : 'not met';
    checks.say(
      `start: ready ${took.join(', ')} ms after the process began; the aim of ${READY_MS.aim} ms is ${verdict}`,
    );
    expectThat(best <= READY_MS.collapsed, `it took ${best} ms at best`);
  });
  return url;
}

/** Starts it and asks it meanwhile, for podman itself takes a while. Returns how many ms after its process began it was ready. */
async function readyAfter(name: string, url: string): Promise<number> {
  const started = once(spawn('podman', ['start', name], { stdio: 'ignore' }), 'exit');
  await until('it to be ready', 60_000, async () => ((await fetch(`${url}/readyz`)).ok ? true : undefined));
  const ready = Date.now();
  await started;
  return ready - Date.parse(inspect(name, '{{.State.StartedAt.Format "2006-01-02T15:04:05.000Z07:00"}}'));
}

async function checkWork(checks: Checks, { secrets }: Site, name: string, url: string): Promise<void> {
  const headers = { authorization: `Bearer ${secrets.http}` };
  const ask = async <T>(path: string, init: RequestInit = {}): Promise<T> =>
    (await (await fetch(`${url}/api/v1/applications${path}`, { headers, ...init })).json()) as T;
  await checks.check('100 applications get a credential, verified and published to a real Vault', () =>
    until('all to be published', 180_000, async () => {
      const body = JSON.stringify(await ask('')).match(/"generation":1/g) ?? [];
      return body.length >= APPLICATIONS ? true : undefined;
    }),
  );
  await checks.check(`it needs less than ${MOST_MB} MB`, () => {
    const used = podman('stats', '--no-stream', '--format', '{{.MemUsage}}', name).split(' / ')[0] ?? '';
    checks.say(`memory: ${used} with ${APPLICATIONS} applications`);
    expectThat(/^[\d.]+[kM]?B$/.test(used) && Number.parseFloat(used) < MOST_MB, `it has ${used}`);
  });
  await checks.check('one of them is rotated when it is asked to', async () => {
    await ask('/app-1/rotate', { method: 'POST' });
    await until('its second generation', 60_000, async () =>
      (await ask<Application>('/app-1')).generation === 2 ? true : undefined,
    );
  });
  await checks.check('it is nobody special, has no capability, and can write nothing', () => {
    expectThat(statusOf(name, 'Uid').startsWith('10001'), 'it runs as another user');
    expectThat(/^0+$/.test(statusOf(name, 'CapEff')), 'it has capabilities');
    expectThat(statusOf(name, 'NoNewPrivs') === '1', 'it may gain privileges');
    for (const file of ['/app/x', '/tmp/x']) {
      const write = `try { fs.writeFileSync('${file}', ''); console.log('written') } catch (e) { console.log(e.code) }`;
      expectThat(podman('exec', name, 'node', '-e', write) === 'EROFS', `${file} can be written`);
    }
  });
  await checks.check('its health check says so', () => {
    expectThat(podman('exec', name, 'rekeyd', 'healthcheck') === 'rekeyd is well', 'it says otherwise');
  });
}

async function checkEnd(checks: Checks, name: string): Promise<void> {
  await checks.check('SIGTERM ends process 1 in good order', () => {
    podman('stop', '-t', '30', name);
    expectThat(inspect(name, '{{.State.ExitCode}}') === '0', `it ended with ${inspect(name, '{{.State.ExitCode}}')}`);
    expectThat(podman('logs', name).includes('"daemon.stopped"'), 'it did not say that it stopped');
  });
}

/** A line of what the kernel says about process 1 of the container. */
function statusOf(name: string, key: string): string {
  const status = readFileSync(`/proc/${inspect(name, '{{.State.Pid}}')}/status`, 'utf8');
  return new RegExp(`^${key}:\\s*(.*)$`, 'm').exec(status)?.[1]?.replaceAll('\t', ' ') ?? '';
}
