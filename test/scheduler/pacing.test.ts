import { afterEach, expect, onTestFinished, test, vi } from 'vitest';
import { Secret } from '../../src/policy/secret.ts';
import type { Issuer, ListedCredential, SecretStore } from '../../src/rotation/ports.ts';
import { Circuit } from '../../src/scheduler/circuit.ts';
import { guardedStore, pacedIssuer, steadyPace } from '../../src/scheduler/pacing.ts';
import { serverError, settle } from './world.ts';

afterEach(() => {
  vi.useRealTimers();
});

const circuitOf = (failures = 1) =>
  new Circuit({ server: 'issuer sto1', code: 'issuer-circuit-open', failures, probeAfterMs: [60_000] });

/** An issuer whose calls wait until each is let go or failed. */
class HeldIssuer implements Issuer {
  readonly name = 'sto1';
  readonly instance = 'os-ab123';
  readonly calls: { what: string; end: PromiseWithResolvers<unknown> }[] = [];

  async issue(description: string) {
    await this.#call(`issue ${description}`);
    const secretAccessKey = new Secret('s');
    return { id: '1', accessKeyId: 'A', description, createdAt: undefined, secretAccessKey };
  }
  async list(): Promise<readonly ListedCredential[]> {
    await this.#call('list');
    return [{ id: '1', accessKeyId: 'A', description: 'd', createdAt: undefined }];
  }
  async revoke(id: string) {
    await this.#call(`revoke ${id}`);
  }
  #call(what: string): Promise<unknown> {
    const end = Promise.withResolvers<unknown>();
    this.calls.push({ what, end });
    return end.promise;
  }
  get begun(): string[] {
    return this.calls.map(({ what }) => what);
  }
}

test('no more calls are under way at once than the policy allows, and those that wait are served in order', async () => {
  const issuer = new HeldIssuer();
  const paced = pacedIssuer(issuer, { concurrency: 2, perSecond: 100 }, circuitOf());
  const all = [paced.list(), paced.issue('one'), paced.revoke('7'), paced.list(), paced.issue('two')];
  await settle();
  expect(issuer.begun).toEqual(['list', 'issue one']);
  for (let index = 0; index < all.length; index += 1) {
    issuer.calls[index]?.end.resolve(undefined);
    await settle();
  }
  expect(issuer.begun).toEqual(['list', 'issue one', 'revoke 7', 'list', 'issue two']);
  await Promise.all(all);
});

test('no more calls begin in a second than the policy allows', async () => {
  vi.useFakeTimers();
  let begun = 0;
  const list = async () => {
    begun += 1;
    return [];
  };
  const issuer = { ...plainIssuer(), list };
  const paced = pacedIssuer(issuer, { concurrency: 10, perSecond: 3 }, circuitOf());
  const all = Promise.all([1, 2, 3, 4, 5].map(() => paced.list()));
  await vi.advanceTimersByTimeAsync(900);
  expect(begun).toBe(3);
  await vi.advanceTimersByTimeAsync(200);
  expect(begun).toBe(5);
  await all;
});

test('a call that the open circuit keeps back takes no turn from the others', async () => {
  const circuit = new Circuit({
    server: 'issuer sto1',
    code: 'issuer-circuit-open',
    failures: 1,
    probeAfterMs: [60_000],
  });
  const paced = pacedIssuer(
    { ...plainIssuer(), list: () => Promise.reject(serverError()) },
    { concurrency: 1, perSecond: 1 },
    circuit,
  );
  await expect(paced.list()).rejects.toMatchObject({ code: 'http-500' });
  const shed = await Promise.allSettled(Array.from({ length: 1_000 }, () => paced.list()));
  expect(shed.every((one) => one.status === 'rejected' && one.reason.code === 'issuer-circuit-open')).toBe(true);
});

test('what waits in line when the circuit opens leaves it at once without being called', async () => {
  const issuer = new HeldIssuer();
  const paced = pacedIssuer(issuer, { concurrency: 1, perSecond: 100 }, circuitOf());
  const first = paced.list();
  const next = paced.issue('one');
  const waiting = Promise.allSettled([paced.issue('two'), paced.revoke('7')]);
  await settle();
  issuer.calls[0]?.end.reject(serverError());
  await expect(first).rejects.toMatchObject({ code: 'http-500' });
  for (const one of await waiting) {
    expect(one).toMatchObject({ status: 'rejected', reason: { code: 'issuer-circuit-open', kind: 'unavailable' } });
  }
  issuer.calls[1]?.end.resolve(undefined);
  await next;
  expect(issuer.begun).toEqual(['list', 'issue one']);
});

test('tells what each list held', async () => {
  const heard: (readonly ListedCredential[])[] = [];
  const credential: ListedCredential = { id: '1', accessKeyId: 'A', description: 'd', createdAt: undefined };
  const issuer = { ...plainIssuer(), list: async () => [credential, credential] };
  const hear = async (list: readonly ListedCredential[]) => void heard.push(list);
  await pacedIssuer(issuer, { concurrency: 1, perSecond: 10 }, circuitOf(), hear).list();
  expect(heard).toEqual([[credential, credential]]);
});

test('every call to a store stops while its circuit is open', async () => {
  const circuit = new Circuit({ server: 'vault', code: 'vault-circuit-open', failures: 1, probeAfterMs: [60_000] });
  const broken = () => Promise.reject(serverError());
  const store: SecretStore = { place: broken, read: broken, write: broken, standing: broken, annotate: broken };
  const guarded = guardedStore(store, circuit);
  await expect(guarded.read('apps/a')).rejects.toMatchObject({ code: 'http-500' });
  const calls = [
    guarded.read('apps/a'),
    guarded.place('apps/a'),
    guarded.write('apps/a', new Secret({}), 0),
    guarded.standing('apps/a', 1),
    guarded.annotate('apps/a', {}),
  ];
  for (const call of calls) await expect(call).rejects.toMatchObject({ code: 'vault-circuit-open' });
});

test('reads that fail open the circuit although where each path is was told from memory in between', async () => {
  const circuit = new Circuit({ server: 'vault', code: 'vault-circuit-open', failures: 5 });
  const broken = () => Promise.reject(serverError());
  const store: SecretStore = {
    place: async () => '0a1b2c3d',
    read: broken,
    write: broken,
    standing: broken,
    annotate: broken,
  };
  const guarded = guardedStore(store, circuit);
  for (let each = 0; each < 5; each += 1) {
    await guarded.place('apps/a');
    await guarded.read('apps/a').catch(() => {});
  }
  expect(circuit.isOpen).toBe(true);
});

test('a steady pace lets one through at a time, so many a second', async () => {
  vi.useFakeTimers();
  const pace = steadyPace(10);
  let through = 0;
  for (let each = 0; each < 30; each += 1) void pace().then(() => (through += 1));
  await vi.advanceTimersByTimeAsync(50);
  expect(through).toBe(1);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(through).toBe(11);
});

function plainIssuer(): Issuer {
  return {
    name: 'sto1',
    instance: 'os-ab123',
    issue: () => Promise.reject(new Error('not here')),
    list: async () => [],
    revoke: async () => {},
  };
}

test('a pace goes on although the wall clock was put back', async () => {
  const real = Date.now.bind(Date);
  let ahead = 3_600_000;
  const clock = vi.spyOn(Date, 'now').mockImplementation(() => real() + ahead);
  onTestFinished(() => clock.mockRestore());
  const pace = steadyPace(100);
  await pace();
  ahead = 0;
  await pace();
});
