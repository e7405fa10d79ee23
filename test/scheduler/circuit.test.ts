import { expect, onTestFinished, test, vi } from 'vitest';
import { PortError } from '../../src/rotation/errors.ts';
import { Circuit } from '../../src/scheduler/circuit.ts';
import { ServerWatch } from '../../src/scheduler/server-watch.ts';
import { serverError, settle } from './world.ts';

function circuitOf(probeAfterMs = [60_000], failures = 5): Circuit {
  return new Circuit({ server: 'issuer sto1', code: 'issuer-circuit-open', failures, probeAfterMs });
}

async function fail(circuit: Circuit, times: number, error: unknown = serverError()): Promise<void> {
  for (let each = 0; each < times; each += 1) await circuit.execute('try', () => Promise.reject(error)).catch(() => {});
}

const requestError = new PortError({
  kind: 'rejected',
  concerns: 'request',
  code: 'not-found',
  attempted: 'revoke',
  reason: 'no such credential',
  remedy: 'None needed.',
});

test('opens after five failures of the server in a row, not after four', async () => {
  const circuit = circuitOf();
  await fail(circuit, 4);
  expect(circuit.isOpen).toBe(false);
  await fail(circuit, 1);
  expect(circuit.isOpen).toBe(true);
});

test('says since when it is open, however often it was probed meanwhile', async () => {
  vi.useFakeTimers({ now: 1_000_000, toFake: ['Date'] });
  onTestFinished(() => void vi.useRealTimers());
  const circuit = circuitOf([0]);
  expect(circuit.openSince).toBeUndefined();
  await fail(circuit, 5);
  vi.setSystemTime(1_060_000);
  await fail(circuit, 1);
  expect(circuit.openSince).toBe(1_000_000);
  await circuit.execute('probe', async () => {});
  expect(circuit.openSince).toBeUndefined();
});

test('failures of single requests never open it and reach the caller as they are', async () => {
  const circuit = circuitOf();
  await fail(circuit, 20, requestError);
  expect(circuit.isOpen).toBe(false);
  await expect(circuit.execute('try', () => Promise.reject(requestError))).rejects.toBe(requestError);
});

test('an answer between failures, even a refusal, starts the count anew', async () => {
  const circuit = circuitOf();
  await fail(circuit, 4);
  await fail(circuit, 1, requestError);
  await fail(circuit, 4);
  expect(circuit.isOpen).toBe(false);
});

test('a success that shows nothing neither starts the count anew nor closes it, and its failure counts', async () => {
  const circuit = circuitOf([0], 3);
  const beside = (call: () => Promise<unknown>) => circuit.executeBeside('look', call);
  const wellBeside = () => beside(async () => 'from memory');
  for (let each = 0; each < 2; each += 1) {
    await wellBeside();
    await fail(circuit, 1);
  }
  await expect(beside(() => Promise.reject(serverError()))).rejects.toMatchObject({ code: 'http-500' });
  expect(circuit.isOpen).toBe(true);
  await wellBeside();
  expect(circuit.isOpen).toBe(true);
  await circuit.execute('probe', async () => {});
  expect(circuit.isOpen).toBe(false);
});

test('while it is open a call that shows nothing is not made either', async () => {
  const circuit = circuitOf();
  await fail(circuit, 5);
  const call = vi.fn(async () => {});
  await expect(circuit.executeBeside('look', call)).rejects.toMatchObject({ code: 'issuer-circuit-open' });
  expect(call).not.toHaveBeenCalled();
});

test('while it is open a call is not made and fails as unavailable, naming the last failure and what to do', async () => {
  const circuit = circuitOf();
  await fail(circuit, 5);
  let calls = 0;
  const shed = circuit.execute('create a credential on os-ab123', async () => {
    calls += 1;
  });
  await expect(shed).rejects.toMatchObject({
    kind: 'unavailable',
    code: 'issuer-circuit-open',
    concerns: 'server',
    attempted: 'create a credential on os-ab123',
    reason: expect.stringContaining('the server answered 500'),
    remedy: expect.stringContaining('Look at its status page.'),
  });
  expect(calls).toBe(0);
});

test('a probe that succeeds closes it, and those who listen hear of both turns once', async () => {
  const circuit = circuitOf([0]);
  const turns: string[] = [];
  circuit.onOpen(() => turns.push('open'));
  circuit.onClose(() => turns.push('close'));
  await fail(circuit, 5);
  await fail(circuit, 1);
  expect(circuit.isOpen).toBe(true);
  await circuit.execute('probe', async () => 'there');
  expect(circuit.isOpen).toBe(false);
  expect(turns).toEqual(['open', 'close']);
});

test('a call shed by another circuit of the same code counts as no failure of the server', async () => {
  const circuit = circuitOf();
  await fail(circuit, 20, circuit.shed('list'));
  expect(circuit.isOpen).toBe(false);
});

test('a watch probes a server that is down, one probe at a time, and leaves one that is well alone', async () => {
  const circuit = circuitOf([0], 1);
  const { promise, resolve } = Promise.withResolvers<void>();
  let probes = 0;
  const watch = new ServerWatch(circuit, () => {
    probes += 1;
    return circuit.execute('probe', () => promise);
  });
  await watch.beat();
  expect(probes).toBe(0);
  await fail(circuit, 1);
  const first = watch.beat();
  await watch.beat();
  await settle();
  expect(probes).toBe(1);
  resolve();
  await first;
  expect(watch.isDown).toBe(false);
});

test('a watch survives a probe that fails and probes again at a later beat', async () => {
  const circuit = circuitOf([0], 1);
  let answer = () => Promise.reject<void>(serverError());
  const watch = new ServerWatch(circuit, () => circuit.execute('probe', () => answer()));
  await fail(circuit, 1);
  await watch.beat();
  expect(watch.isDown).toBe(true);
  answer = () => Promise.resolve();
  await watch.beat();
  expect(watch.isDown).toBe(false);
});

test('an open circuit is probed again although the wall clock was put back', async () => {
  const real = Date.now.bind(Date);
  let ahead = 365 * 86_400_000;
  const clock = vi.spyOn(Date, 'now').mockImplementation(() => real() + ahead);
  onTestFinished(() => clock.mockRestore());
  const circuit = new Circuit({ server: 'Vault', code: 'vault-circuit-open', failures: 1, probeAfterMs: [60_000] });
  const details = { attempted: 'x', reason: 'certificate expired', remedy: '', concerns: 'server' } as const;
  const failing = async () => {
    throw new PortError({ kind: 'unavailable', code: 'vault-unreachable', ...details });
  };
  await circuit.execute('call', failing).catch(() => {});
  expect(circuit.isOpen).toBe(true);
  ahead = 0;
  expect(await circuit.execute('probe', async () => 'answered')).toBe('answered');
  expect(circuit.isOpen).toBe(false);
});
