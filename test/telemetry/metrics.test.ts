import { expect, test } from 'vitest';
import { Circuit } from '../../src/scheduler/circuit.ts';
import { Metrics } from '../../src/telemetry/metrics.ts';
import { serverError } from '../scheduler/world.ts';
import { boardOf, entryInGrace, HOUR, NOW, outcomeOf, troubleOf, viewOf } from './views.ts';

function metricsOf(isAboutProcess = false) {
  const board = boardOf(['billing', 'mail']);
  const circuit = new Circuit({ server: 'issuer sto1', code: 'issuer-circuit-open', failures: 1 });
  let now = NOW;
  const metrics = new Metrics({
    board,
    now: () => now,
    issuers: new Map([
      ['sto1', { limits: { concurrency: 1, perSecond: 1, credentials: 200 } }],
      ['fbg1', { limits: { concurrency: 1, perSecond: 1 } }],
    ]),
    circuits: () => [circuit],
    effectiveResyncMs: () => 450_000,
    version: '1.2.3',
    isAboutProcess,
  });
  const samples = async () =>
    (await metrics.render()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return { board, circuit, metrics, samples, later: (ms: number) => (now += ms) };
}

test('rotations are counted by application and result, from zero on', async () => {
  const { metrics, samples } = metricsOf();
  metrics.follow({ event: 'rotation.done', application: 'billing' });
  metrics.follow({ event: 'rotation.failed', application: 'billing' });
  metrics.follow({ event: 'rotation.failed', application: 'billing' });
  metrics.follow({ event: 'rotation.blocked', application: 'mail' });
  metrics.follow({ event: 'credential.issued', application: 'mail' });
  const rotations = (await samples()).filter((line) => line.startsWith('rekeyd_rotations_total'));
  expect(rotations.toSorted()).toEqual([
    'rekeyd_rotations_total{application="billing",result="blocked"} 0',
    'rekeyd_rotations_total{application="billing",result="done"} 1',
    'rekeyd_rotations_total{application="billing",result="failed"} 2',
    'rekeyd_rotations_total{application="mail",result="blocked"} 1',
    'rekeyd_rotations_total{application="mail",result="done"} 0',
    'rekeyd_rotations_total{application="mail",result="failed"} 0',
  ]);
});

test('age, next rotation, overdue time, strays and superseded credentials are told as of the moment of asking', async () => {
  const { board, samples, later } = metricsOf();
  board.record(outcomeOf('billing', { view: viewOf('billing', { superseded: [entryInGrace], strays: 2 }) }), NOW);
  later(2 * HOUR);
  expect(await samples()).toEqual(
    expect.arrayContaining([
      'rekeyd_credential_age_seconds{application="billing"} 10800',
      `rekeyd_next_rotation_timestamp_seconds{application="billing"} ${(NOW + HOUR) / 1_000}`,
      'rekeyd_overdue_seconds{application="billing"} 3600',
      'rekeyd_strays{application="billing"} 2',
      'rekeyd_superseded{application="billing"} 1',
      'rekeyd_overdue_seconds{application="mail"} 0',
    ]),
  );
  expect((await samples()).join('\n')).not.toContain('rekeyd_credential_age_seconds{application="mail"}');
});

test('state and trouble of an application show, and go when it is over', async () => {
  const { board, samples } = metricsOf();
  board.record(outcomeOf('billing', { trouble: troubleOf('refused', 'edited') }), NOW);
  expect(await samples()).toEqual(
    expect.arrayContaining([
      'rekeyd_application_state{application="billing",state="refused"} 1',
      'rekeyd_application_state{application="billing",state="current"} 0',
      'rekeyd_application_trouble{application="billing",kind="refused",code="edited"} 1',
      'rekeyd_application_state{application="mail",state="unknown"} 1',
    ]),
  );
  board.record(outcomeOf('billing'), NOW);
  const after = (await samples()).join('\n');
  expect(after).toContain('rekeyd_application_state{application="billing",state="current"} 1');
  expect(after).not.toContain('rekeyd_application_trouble{');
});

test('notices show beside a trouble, as kind notice, and go when they are over', async () => {
  const { board, samples } = metricsOf();
  const notices = [troubleOf('failed', 'clocks-disagree'), troubleOf('failed', 'list-distrusted')];
  board.record(outcomeOf('billing', { notices }), NOW);
  board.record(outcomeOf('mail', { notices, trouble: troubleOf('blocked', 'quota-full') }), NOW);
  const shown = async () => (await samples()).filter((line) => line.startsWith('rekeyd_application_trouble'));
  expect((await shown()).toSorted()).toEqual([
    'rekeyd_application_trouble{application="billing",kind="notice",code="clocks-disagree"} 1',
    'rekeyd_application_trouble{application="billing",kind="notice",code="list-distrusted"} 1',
    'rekeyd_application_trouble{application="mail",kind="blocked",code="quota-full"} 1',
    'rekeyd_application_trouble{application="mail",kind="notice",code="clocks-disagree"} 1',
    'rekeyd_application_trouble{application="mail",kind="notice",code="list-distrusted"} 1',
  ]);
  for (const name of ['billing', 'mail']) board.record(outcomeOf(name, { did: 'rotated' }), NOW);
  expect(await shown()).toEqual([]);
});

test('the steps of rotations are timed in seconds', async () => {
  const { metrics, samples } = metricsOf();
  metrics.follow({ event: 'credential.verified', application: 'billing', step: 'verify', durationMs: 3_000 });
  expect(await samples()).toEqual(
    expect.arrayContaining([
      'rekeyd_step_duration_seconds_bucket{le="2.5",step="verify"} 0',
      'rekeyd_step_duration_seconds_bucket{le="5",step="verify"} 1',
      'rekeyd_step_duration_seconds_sum{step="verify"} 3',
    ]),
  );
});

test('credentials in use beside their limit, circuits, the real resync and the version are told', async () => {
  const { metrics, samples, circuit } = metricsOf();
  metrics.noteListed('sto1', { ours: 40, unclaimed: 2, foreign: 0 });
  expect(await samples()).toEqual(
    expect.arrayContaining([
      'rekeyd_issuer_credentials{issuer="sto1",kind="ours"} 40',
      'rekeyd_issuer_credentials{issuer="sto1",kind="unclaimed"} 2',
      'rekeyd_issuer_credentials{issuer="sto1",kind="foreign"} 0',
      'rekeyd_issuer_credentials_limit{issuer="sto1"} 200',
      'rekeyd_circuit_open{server="issuer sto1"} 0',
      'rekeyd_resync_seconds 450',
      'rekeyd_build_info{version="1.2.3"} 1',
    ]),
  );
  expect((await samples()).join('\n')).not.toContain('rekeyd_issuer_credentials_limit{issuer="fbg1"}');
  await circuit.execute('x', () => Promise.reject(serverError())).catch(() => {});
  expect(await samples()).toContain('rekeyd_circuit_open{server="issuer sto1"} 1');
});

test('the process itself is told of when asked for', async () => {
  expect((await metricsOf(true).samples()).join('\n')).toContain('process_resident_memory_bytes');
  expect((await metricsOf().samples()).join('\n')).not.toContain('process_');
});
