import { expect, test } from 'vitest';
import { share } from '../../src/policy/share.ts';
import { Circuit } from '../../src/scheduler/circuit.ts';
import { ServerWatch } from '../../src/scheduler/server-watch.ts';
import { DAY, engine, START, serverError, trouble } from './world.ts';

/** A server that is down until `isUp` is set, and its watch. */
function server(name: string, code = 'issuer-circuit-open') {
  const circuit = new Circuit({ server: name, code, failures: 1, probeAfterMs: [0] });
  const state = { isUp: true, probes: 0 };
  const call = () =>
    circuit.execute('probe', async () => {
      state.probes += 1;
      if (!state.isUp) throw serverError();
    });
  return { circuit, state, call, watch: new ServerWatch(circuit, call) };
}

const due = () => ({ nextAt: START + 1_000 });
const applications = ['a', 'b', 'c', 'd', 'e'];

test('while an issuer’s circuit is open its due applications are held back, and one probe a beat is all it gets', async () => {
  const sto1 = server('issuer sto1');
  const { rotator, beat } = engine({ sto1: applications }, { issuers: new Map([['sto1', sto1.watch]]) });
  rotator.surveyAnswer = due;
  await beat();
  sto1.state.isUp = false;
  await sto1.call().catch(() => {});
  sto1.state.probes = 0;
  for (let second = 0; second < 10; second += 1) await beat(1_000);
  expect(rotator.passes).toEqual([]);
  expect(rotator.surveys).toHaveLength(1);
  expect(sto1.state.probes).toBe(10);
});

test('once the issuer is back what was held back is done, spread over a few seconds by each one’s share', async () => {
  const sto1 = server('issuer sto1');
  const { rotator, beat, scheduler, clock } = engine(
    { sto1: applications },
    { issuers: new Map([['sto1', sto1.watch]]), spreadMs: 60_000, resyncMs: DAY },
  );
  rotator.surveyAnswer = due;
  await beat();
  sto1.state.isUp = false;
  await sto1.call().catch(() => {});
  await beat(70_000);
  expect(rotator.passes).toEqual([]);
  sto1.state.isUp = true;
  await beat(1_000);
  for (const name of applications) {
    expect(scheduler.nextAtOf(name)).toBe(clock.at + share('replica-1', name) * 5_000);
  }
  await beat(5_000);
  expect(rotator.passes.toSorted()).toEqual(applications);
});

test('once the issuer is back what failed meanwhile does not wait out its pause', async () => {
  const sto1 = server('issuer sto1');
  const { rotator, beat, scheduler, clock } = engine(
    { sto1: ['a', 'quota', 'shed'] },
    { issuers: new Map([['sto1', sto1.watch]]), backoffFromMs: 600_000, resyncMs: DAY },
  );
  rotator.surveyAnswer = (name) => {
    if (name === 'quota') return { trouble: trouble('blocked', 'quota-full') };
    return { trouble: trouble(name === 'shed' ? 'blocked' : 'failed', name === 'shed' ? 'issuer-circuit-open' : 'x') };
  };
  await beat();
  sto1.state.isUp = false;
  await sto1.call().catch(() => {});
  await beat(1_000);
  expect(rotator.passes).toEqual([]);
  const patient = scheduler.nextAtOf('quota');
  sto1.state.isUp = true;
  await beat(1_000);
  await beat(1_000);
  expect(rotator.passes.toSorted()).toEqual(['a', 'shed']);
  expect(scheduler.nextAtOf('quota')).toBe(patient);
  expect(patient).toBeGreaterThan(clock.at);
});

test('an issuer whose circuit is open holds back nothing of another issuer', async () => {
  const dead = server('issuer dead');
  const { rotator, beat } = engine({ dead: ['x'], well: ['a'] }, { issuers: new Map([['dead', dead.watch]]) });
  rotator.surveyAnswer = due;
  await beat();
  dead.state.isUp = false;
  await dead.call().catch(() => {});
  await beat(2_000);
  expect(rotator.passes).toEqual(['a']);
});

test('an open circuit of Vault holds back every lane, and all go on once it is back', async () => {
  const vault = server('vault', 'vault-circuit-open');
  const { rotator, beat } = engine({ sto1: ['a'], fbg1: ['b'] }, { vault: vault.watch });
  rotator.surveyAnswer = due;
  await beat();
  vault.state.isUp = false;
  await vault.call().catch(() => {});
  await beat(2_000);
  expect(rotator.passes).toEqual([]);
  vault.state.isUp = true;
  await beat(1_000);
  await beat(1_000);
  expect(rotator.passes.toSorted()).toEqual(['a', 'b']);
});

test('what a person asks for goes ahead while the circuit is open and fails at once with its reason', async () => {
  const sto1 = server('issuer sto1');
  const { rotator, beat, scheduler } = engine({ sto1: ['a'] }, { issuers: new Map([['sto1', sto1.watch]]) });
  await beat();
  sto1.state.isUp = false;
  await sto1.call().catch(() => {});
  rotator.passAnswer = () => ({ trouble: trouble('failed', 'issuer-circuit-open') });
  const told = await scheduler.request('a', { rotate: true, despite: [] });
  expect(told.trouble?.code).toBe('issuer-circuit-open');
});

test('the first look at the applications waits while the circuit is open and is made once it closes', async () => {
  const vault = server('vault', 'vault-circuit-open');
  const { rotator, beat, scheduler } = engine({ sto1: ['a'] }, { vault: vault.watch });
  vault.state.isUp = false;
  await vault.call().catch(() => {});
  await beat();
  expect(rotator.surveys).toEqual([]);
  expect(scheduler.unsurveyed).toEqual(['sto1']);
  vault.state.isUp = true;
  await beat(1_000);
  await beat(1_000);
  expect(rotator.surveys).toEqual([['a']]);
  expect(scheduler.unsurveyed).toEqual([]);
});
