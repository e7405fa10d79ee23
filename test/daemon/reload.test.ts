import { Writable } from 'node:stream';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Webhook } from 'standardwebhooks';
import { request } from 'undici';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Daemon, startDaemon } from '../../src/daemon.ts';
import type { ApplicationPolicy, Policy } from '../../src/policy/policy.ts';
import { Secret } from '../../src/policy/secret.ts';
import { chosenEvents } from '../../src/policy/webhook-events.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts';
import { cryptoHex, systemClock } from '../../src/system.ts';
import { createLogger } from '../../src/telemetry/log.ts';
import { applicationOf } from '../support/policies.ts';
import { poll } from '../support/poll.ts';
import { Receiver } from '../webhooks/receiver.ts';

/** The daemon in this process, whose policy is replaced while it works. */
const PATIENCE_MS = 30_000;
const TOKEN = cryptoHex(16);

type Line = Readonly<Record<string, unknown>>;

let sandbox: Sandbox;
let daemon: Daemon;
let lines: Line[];

beforeEach(async () => {
  sandbox = await startSandbox();
  lines = [];
});

afterEach(async () => {
  await daemon.stop();
  await sandbox.close();
});

interface Change {
  readonly policy?: Partial<Policy>;
  readonly issuer?: Partial<Policy['issuers'] extends ReadonlyMap<string, infer T> ? T : never>;
}

function policyOf(applications: Record<string, Partial<ApplicationPolicy>>, { policy, issuer }: Change = {}): Policy {
  const sto1 = {
    name: 'sto1',
    type: 'glesys' as const,
    project: sandbox.project,
    apiKey: { made: sandbox.apiKey },
    instance: sandbox.instance,
    api: sandbox.glesys,
    endpoint: sandbox.s3,
    region: 'sandbox',
    limits: { concurrency: 4, perSecond: 1_000 },
    ...issuer,
  };
  return {
    file: 'reload.yaml',
    owner: 'reload-test',
    issuers: new Map([['sto1', sto1]]),
    vault: {
      address: sandbox.vault,
      mount: 'secret',
      auth: {
        method: 'approle',
        mount: 'approle',
        roleId: { made: sandbox.roleId },
        secretId: { made: sandbox.secretId },
      },
    },
    applications: new Map(Object.entries(applications).map(([name, more]) => [name, applicationOf({ name, ...more })])),
    scheduler: { resyncMs: 300_000, spreadMs: 0 },
    http: { listen: { host: '127.0.0.1', port: 0 }, token: { made: new Secret(TOKEN) } },
    log: { level: 'debug' },
    webhooks: [],
    warnings: [],
    ...policy,
  };
}

async function start(policy: Policy): Promise<void> {
  const destination = new Writable({
    write: (chunk, _encoding, done) => {
      for (const line of String(chunk).trimEnd().split('\n')) lines.push(JSON.parse(line));
      done();
    },
  });
  daemon = await startDaemon(policy, {
    logger: createLogger({ level: 'debug', isPretty: false, destination }),
    clock: systemClock,
    random: cryptoHex,
    replica: 'reload-test-1',
    policyLoadedAt: systemClock.now(),
    env: {},
  });
}

const of = (wanted: Line): Line[] =>
  lines.filter((line) => Object.entries(wanted).every(([key, value]) => line[key] === value));

const until = (wanted: Line, count = 1): Promise<Line> =>
  poll(`${count} of ${JSON.stringify(wanted)}`, PATIENCE_MS, async () => of(wanted)[count - 1]);

const reload = (policy: Policy) => daemon.reload(policy, systemClock.now());
const stateOf = (name: string) => daemon.board.entry(name, systemClock.now())?.state;

async function ready(): Promise<number> {
  const { statusCode, body } = await request(`${daemon.http.url}/readyz`);
  await body.dump();
  return statusCode;
}

/** The new key is refused for as long as the test wants: the attempt stays under way. */
const hold = () => sandbox.servers.s3.faults.add({ method: 'GET', fault: 'status', status: 403 });
const letGo = () => sandbox.servers.s3.faults.clear();

test('a reload does not look at everything anew, stays ready, and logs in no second time', async () => {
  await start(policyOf({ one: {}, two: {} }));
  await until({ event: 'rotation.done' }, 2);
  await poll('it to be ready', PATIENCE_MS, async () => ((await ready()) === 200 ? true : undefined));
  const logins = () => sandbox.servers.vault.faults.list().reduce((sum, { struck }) => sum + struck, 0);
  sandbox.servers.vault.faults.add({ path: '/v1/auth/approle/login', fault: 'status', status: 500 });
  reload(policyOf({ one: {}, two: {}, three: {} }));
  expect(await ready()).toBe(200);
  await until({ event: 'rotation.done', application: 'three' });
  expect(logins()).toBe(0);
  expect(stateOf('one')).toBe('current');
});

test('an application that is taken out while its rotation is under way: that ends well, and nothing is revoked', async () => {
  await start(policyOf({ one: {}, two: {} }));
  await until({ event: 'rotation.done' }, 2);
  hold();
  const asked = request(`${daemon.http.url}/api/v1/applications/one/rotate`, {
    method: 'POST',
    headers: { authorization: `Bearer ${TOKEN}` },
  });
  await until({ event: 'credential.issued', application: 'one', generation: 2 });
  reload(policyOf({ two: {} }));
  expect(stateOf('one')).toBeUndefined();
  letGo();
  await until({ event: 'rotation.done', application: 'one', generation: 2 });
  await (await asked).body.dump();
  expect(of({ event: 'credential.revoked' })).toEqual([]);
  expect(sandbox.account.credentials(sandbox.instance)).toHaveLength(3);
});

test('what is under way ends first: meanwhile the new policy touches everything else, but not that application', async () => {
  await start(policyOf({ one: {} }));
  await until({ event: 'rotation.done' });
  hold();
  const asked = request(`${daemon.http.url}/api/v1/applications/one/rotate`, {
    method: 'POST',
    headers: { authorization: `Bearer ${TOKEN}` },
  });
  await until({ event: 'credential.issued', application: 'one', generation: 2 });
  const fields = { KEY: '{access_key_id}', SECRET: '{secret_access_key}' };
  reload(policyOf({ one: { fields }, two: {} }));
  reload(policyOf({ one: { fields }, two: {}, three: {} }));
  await until({ event: 'credential.issued', application: 'three' });
  expect(of({ event: 'secret.republished' })).toEqual([]);
  letGo();
  await until({ event: 'rotation.done', application: 'one', generation: 2 });
  await until({ event: 'secret.republished', application: 'one' });
  await (await asked).body.dump();
  // one pass at a time: what was begun by the earlier policy was over before the newer one was followed
  const order = lines.filter((line) => line['application'] === 'one').map((line) => line['event']);
  expect(order.lastIndexOf('rotation.done')).toBeLessThan(order.indexOf('secret.republished'));
});

test('what was asked for just before a reload is done by the new policy', async () => {
  await start(policyOf({ one: {} }));
  await until({ event: 'rotation.done' });
  sandbox.servers.vault.faults.add({ method: 'GET', path: '/v1/secret', fault: 'delay', delay_ms: 300, times: 1 });
  const asked = request(`${daemon.http.url}/api/v1/applications/one/rotate`, {
    method: 'POST',
    headers: { authorization: `Bearer ${TOKEN}` },
  });
  await poll('a slow look', PATIENCE_MS, async () =>
    sandbox.servers.vault.faults.list().some(({ struck }) => struck > 0) ? true : undefined,
  );
  reload(policyOf({ one: {}, two: {} }));
  const { statusCode, body } = await asked;
  expect([statusCode, await body.json()]).toEqual([200, expect.objectContaining({ generation: 2 })]);
});

test('changed fields, grace and schedule act by the rules: the same credential, written once each', async () => {
  await start(policyOf({ one: {} }));
  await until({ event: 'rotation.done' });
  reload(policyOf({ one: { rotate: { everyMs: 90 * 86_400_000, timezone: 'UTC', jitterMs: 0 } } }));
  await until({ event: 'schedule.changed', application: 'one' });
  reload(policyOf({ one: { fields: { A: '{access_key_id}', B: '{secret_access_key}' } } }));
  await until({ event: 'secret.republished', application: 'one' });
  reload(policyOf({ one: { fields: { A: '{access_key_id}', B: '{secret_access_key}' }, graceMs: 7_200_000 } }));
  expect(sandbox.account.credentials(sandbox.instance)).toHaveLength(1);
  expect(of({ event: 'rotation.started' })).toHaveLength(1);
});

test('a circuit that is open stays open over a reload, and closes for all', async () => {
  sandbox.vaultCore.sealed = true;
  await start(policyOf({ one: {} }));
  // five failures in a row open it
  reload(policyOf({ one: {}, two: {}, three: {}, four: {}, five: {} }));
  await until({ event: 'circuit.opened', server: 'Vault' });
  reload(policyOf({ one: {}, two: {}, three: {}, four: {}, five: {}, six: {} }));
  sandbox.vaultCore.sealed = false;
  await until({ event: 'circuit.closed', server: 'Vault' });
  await until({ event: 'rotation.done', application: 'six' });
  expect(of({ event: 'circuit.opened' })).toHaveLength(1);
});

test('another owner is refused, and everything goes on', async () => {
  await start(policyOf({ one: {} }));
  await until({ event: 'rotation.done' });
  expect(() => reload(policyOf({ one: {} }, { policy: { owner: 'another' } }))).toThrow(/owner: it was "reload-test"/);
  daemon.refuse('reload.yaml:1:1: not so');
  expect(daemon.standing.rejected).toMatchObject({ message: 'reload.yaml:1:1: not so' });
  reload(policyOf({ one: {}, two: {} }));
  expect(daemon.standing).not.toHaveProperty('rejected');
  await until({ event: 'rotation.done', application: 'two' });
});

test('what waits for a restart is shown for as long as it does', async () => {
  await start(policyOf({ one: {} }));
  const listen = { host: '127.0.0.1', port: 1 };
  reload(policyOf({ one: {} }, { policy: { http: { listen, token: { made: new Secret(TOKEN) } } } }));
  expect(daemon.standing.waitsForRestart).toEqual([expect.stringMatching(/^http\.listen: /)]);
  reload(policyOf({ one: {} }));
  expect(daemon.standing).not.toHaveProperty('waitsForRestart');
});

test('an issuer that is changed is talked to as the new policy says', async () => {
  await start(policyOf({ one: {} }, { issuer: { apiKey: { made: new Secret('wrong') } } }));
  await until({ event: 'pass.failed', code: 'issuer-unauthorized' });
  reload(policyOf({ one: {} }, { issuer: { region: 'elsewhere' } }));
  await until({ event: 'rotation.done', application: 'one' });
});

test('a hundred reloads in a row leave one daemon that works, and each application rotated once', async () => {
  await start(policyOf({ one: {} }));
  const names = Array.from({ length: 100 }, (_, index) => `app-${index}`);
  for (let count = 1; count <= names.length; count += 1) {
    reload(policyOf(Object.fromEntries(names.slice(0, count).map((name) => [name, {}]))));
    if (count % 10 === 0) await until({ event: 'rotation.done', application: `app-${count - 10}` });
  }
  await until({ event: 'rotation.done', application: 'app-99' });
  await poll('all of them', PATIENCE_MS, async () =>
    names.every((name) => stateOf(name) === 'current') ? true : undefined,
  );
  for (const name of names) expect(of({ event: 'rotation.done', application: name })).toHaveLength(1);
});

/** What is really in use, in bytes. */
function heapInUse(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed;
}

test('with ten thousand applications the memory of an earlier policy is given back', async () => {
  // nobody rotates ten thousand applications here
  sandbox.vaultCore.sealed = true;
  const fleet = (more: string) =>
    policyOf(
      Object.fromEntries(
        [...Array.from({ length: 10_000 }, (_, index) => `app-${index}`), more].map((name) => [name, {}]),
      ),
    );
  const before = heapInUse();
  await start(fleet('first'));
  await until({ event: 'circuit.opened' });
  reload(fleet('second'));
  const one = heapInUse() - before;
  for (let count = 0; count < 10; count += 1) {
    reload(fleet(`more-${count}`));
    await poll('a beat', PATIENCE_MS, async () => ((await ready()) === 503 ? true : undefined));
  }
  const all = await poll('the memory of earlier policies', PATIENCE_MS, async () => {
    const now = heapInUse() - before;
    return now < 2 * one ? now : undefined;
  });
  process.stdout.write(
    `10,000 applications: ${Math.round(one / 1e6)} MB after one reload, ${Math.round(all / 1e6)} MB after eleven\n`,
  );
});

test('webhooks tell what happens, the same as the log, and a changed policy tells others', async () => {
  const [one, two] = [await Receiver.open(), await Receiver.open()];
  const secret = `whsec_${Buffer.from(cryptoHex(16)).toString('base64')}`;
  const hook = ({ url }: Receiver): Policy['webhooks'][number] => ({
    url,
    secret: { made: new Secret(secret) },
    events: chosenEvents(['*']),
    after: 1,
  });
  await start(policyOf({ one: {} }, { policy: { webhooks: [hook(one)] } }));
  const [done] = await one.until(1);
  expect(new Webhook(secret).verify(done?.body ?? '', done?.headers ?? {})).toMatchObject({
    type: 'rekeyd.rotation.done',
    subject: 'one',
    data: { generation: 1, issuer: 'sto1', message: of({ event: 'rotation.done' })[0]?.['msg'] },
  });
  daemon.refuse('reload.yaml:1:1: not so');
  const [, refused] = await one.until(2);
  expect(refused?.event).toMatchObject({ type: 'rekeyd.policy.refused', data: { reason: 'reload.yaml:1:1: not so' } });
  reload(policyOf({ one: {}, two: {} }, { policy: { webhooks: [hook(two)] } }));
  const told = await two.until(2);
  expect(told.map(({ event }) => event.type).toSorted()).toEqual(['rekeyd.policy.reloaded', 'rekeyd.rotation.done']);
  expect(one.requests).toHaveLength(2);
  await poll('all of them to be counted', PATIENCE_MS, async () => {
    const metrics = await (await request(`${daemon.http.url}/metrics`)).body.text();
    return metrics.includes('rekeyd_webhook_deliveries_total{result="delivered"} 4') ? true : undefined;
  });
  // nothing that is told holds a secret
  const live = sandbox.account.credentials(sandbox.instance).map(({ accessKeyId }) => accessKeyId);
  const bodies = [...one.requests, ...two.requests].map(({ body }) => body).join('\n');
  for (const id of live) expect(bodies).toContain(id);
  for (const { secretAccessKey } of sandbox.account.credentials(sandbox.instance))
    expect(bodies).not.toContain(secretAccessKey);
  await Promise.all([one.close(), two.close()]);
});

test('a webhook receiver that hangs holds up no rotation, and at the end nobody waits for it', async () => {
  const hanging = await Receiver.open();
  hanging.answer = () => {};
  const secret = { made: new Secret(`whsec_${Buffer.from(cryptoHex(16)).toString('base64')}`) };
  const webhooks = [{ url: hanging.url, secret, events: chosenEvents(['*']), after: 1 }];
  await start(policyOf({ one: {}, two: {}, three: {} }, { policy: { webhooks } }));
  await until({ event: 'rotation.done' }, 3);
  await hanging.until(3);
  await daemon.stop();
  expect(of({ event: 'webhook.dropped' })).toMatchObject([{ receiver: hanging.url, messages: 3 }]);
  await hanging.close();
});
