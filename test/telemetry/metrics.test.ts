import { expect, test } from 'vitest';
import { Circuit } from '../../src/scheduler/circuit.ts';
import { STATES } from '../../src/telemetry/board-entry.ts';
import type { MetricsSources, TokenLife } from '../../src/telemetry/metrics/sources.ts';
import { Metrics } from '../../src/telemetry/metrics.ts';
import type { PolicyStanding } from '../../src/telemetry/policy-standing.ts';
import { serverError } from '../scheduler/world.ts';
import { boardOf, entryInGrace, HOUR, NOW, outcomeOf, troubleOf, viewOf } from './views.ts';

function metricsOf(more: Partial<MetricsSources> = {}, elapsed?: () => number) {
  const board = boardOf(['billing', 'mail']);
  const circuit = new Circuit({ server: 'issuer sto1', code: 'issuer-circuit-open', failures: 1 });
  let now = NOW;
  const sources: MetricsSources = {
    board,
    now: () => now,
    issuers: new Map([
      ['sto1', { limits: { concurrency: 1, perSecond: 1, credentials: 200 } }],
      ['fbg1', { limits: { concurrency: 1, perSecond: 1 } }],
    ]),
    circuits: () => [circuit],
    effectiveResyncMs: () => 450_000,
    version: '1.2.3',
    ...more,
  };
  const metrics = new Metrics(sources, elapsed);
  const samples = async (start = '') =>
    (await metrics.render())
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#') && line.startsWith(start));
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
      'rekeyd_application_trouble{application="billing",kind="refused",code="edited"} 1',
      'rekeyd_application_state{application="mail",state="unknown"} 1',
    ]),
  );
  board.record(outcomeOf('billing'), NOW);
  const after = (await samples()).join('\n');
  expect(after).toContain('rekeyd_application_state{application="billing",state="current"} 1');
  expect(after).not.toContain('state="refused"} 1');
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
  expect((await metricsOf({ isAboutProcess: true }).samples()).join('\n')).toContain('process_resident_memory_bytes');
  expect((await metricsOf().samples()).join('\n')).not.toContain('process_');
});

test('the fleet is counted by state, states that nobody is in included', async () => {
  const { board, samples } = metricsOf();
  board.record(outcomeOf('billing', { trouble: troubleOf('refused', 'edited') }), NOW);
  const counts = await samples('rekeyd_applications{');
  expect(counts).toHaveLength(STATES.length);
  expect(counts).toEqual(
    expect.arrayContaining([
      'rekeyd_applications{state="refused"} 1',
      'rekeyd_applications{state="unknown"} 1',
      'rekeyd_applications{state="current"} 0',
    ]),
  );
});

test('the last rotation, the end of the first grace and the beginning of a trouble are points in time', async () => {
  const { board, samples, later } = metricsOf();
  const superseded = [
    { ...entryInGrace, revokeAt: NOW + 3 * HOUR },
    { ...entryInGrace, revokeAt: null, why: 'adopted' },
    { ...entryInGrace, revokeAt: NOW + 2 * HOUR },
  ];
  board.record(outcomeOf('billing', { view: viewOf('billing', { superseded }) }), NOW);
  later(HOUR);
  board.record(outcomeOf('mail', { trouble: troubleOf('failed', 'vault-sealed') }), NOW + HOUR);
  later(HOUR);
  const at = (hours: number) => (NOW + hours * HOUR) / 1_000;
  expect(await samples('rekeyd_last_rotation_timestamp_seconds{application="billing"}')).toEqual([
    `rekeyd_last_rotation_timestamp_seconds{application="billing"} ${at(-1)}`,
  ]);
  expect(await samples('rekeyd_next_revocation_timestamp_seconds')).toEqual([
    `rekeyd_next_revocation_timestamp_seconds{application="billing"} ${at(2)}`,
  ]);
  expect(await samples('rekeyd_trouble_since_timestamp_seconds')).toEqual([
    `rekeyd_trouble_since_timestamp_seconds{application="mail"} ${at(1)}`,
  ]);
});

test('revocations are counted by how they ended, from zero on', async () => {
  const { metrics, samples } = metricsOf();
  expect(await samples('rekeyd_revocations_total')).toEqual([
    'rekeyd_revocations_total{result="done"} 0',
    'rekeyd_revocations_total{result="failed"} 0',
  ]);
  metrics.follow({ event: 'credential.revoked', application: 'billing' });
  metrics.follow({ event: 'revocation.failed', application: 'mail' });
  metrics.follow({ event: 'revocation.failed', application: 'billing' });
  expect(await samples('rekeyd_revocations_total')).toEqual([
    'rekeyd_revocations_total{result="done"} 1',
    'rekeyd_revocations_total{result="failed"} 2',
  ]);
});

test('deliveries of webhooks are counted by how they went, from zero on', async () => {
  const { metrics, samples } = metricsOf();
  metrics.noteDelivery('retried');
  metrics.noteDelivery('delivered');
  metrics.noteDelivery('retried');
  expect(await samples('rekeyd_webhook_deliveries_total')).toEqual([
    'rekeyd_webhook_deliveries_total{result="delivered"} 1',
    'rekeyd_webhook_deliveries_total{result="retried"} 2',
    'rekeyd_webhook_deliveries_total{result="dropped"} 0',
  ]);
});

test('calls are timed by server and result, and certificates told by server', async () => {
  const { metrics, samples } = metricsOf();
  const vault = metrics.trafficOf('Vault');
  vault.called('ok', 200);
  vault.called('ambiguous', 4_000);
  vault.certified(NOW);
  vault.certified(NOW + HOUR);
  expect(await samples('rekeyd_call_duration_seconds')).toEqual(
    expect.arrayContaining([
      'rekeyd_call_duration_seconds_bucket{le="0.1",server="Vault",result="ok"} 0',
      'rekeyd_call_duration_seconds_bucket{le="0.25",server="Vault",result="ok"} 1',
      'rekeyd_call_duration_seconds_sum{server="Vault",result="ambiguous"} 4',
    ]),
  );
  expect(await samples('rekeyd_certificate_expiry')).toEqual([
    `rekeyd_certificate_expiry_timestamp_seconds{server="Vault"} ${(NOW + HOUR) / 1_000}`,
  ]);
});

test('however many servers there are, their names stay a bounded number of labels', async () => {
  const { metrics, samples } = metricsOf();
  for (let count = 0; count < 1_000; count += 1) metrics.trafficOf(`S3 host-${count}`).called('ok', 1);
  const servers = await samples('rekeyd_call_duration_seconds_count');
  expect(servers).toHaveLength(101);
  expect(servers).toContain('rekeyd_call_duration_seconds_count{server="others",result="ok"} 900');
});

test('the life of the token for Vault shows while there is an end to it, and a login that fails', async () => {
  let standing: TokenLife = {
    expiresAt: undefined,
    lifetimeMs: undefined,
    problem: troubleOf('failed', 'vault-login-rejected'),
  };
  const { samples } = metricsOf({ tokenStanding: () => standing });
  expect(await samples('rekeyd_vault')).toEqual(['rekeyd_vault_login_failing 1']);
  standing = { expiresAt: NOW, lifetimeMs: HOUR, problem: undefined };
  expect(await samples('rekeyd_vault')).toEqual([
    `rekeyd_vault_token_expiry_timestamp_seconds ${NOW / 1_000}`,
    'rekeyd_vault_token_lifetime_seconds 3600',
    'rekeyd_vault_login_failing 0',
  ]);
  standing = { expiresAt: Number.POSITIVE_INFINITY, lifetimeMs: Number.POSITIVE_INFINITY, problem: undefined };
  expect(await samples('rekeyd_vault')).toEqual(['rekeyd_vault_login_failing 0']);
});

test('which policy is in force, and that a newer file is refused, are told', async () => {
  let standing: PolicyStanding = { loadedAt: NOW };
  const { samples } = metricsOf({ policyStanding: () => standing });
  const loaded = `rekeyd_policy_loaded_timestamp_seconds ${NOW / 1_000}`;
  expect(await samples('rekeyd_policy')).toEqual([loaded, 'rekeyd_policy_refused 0', 'rekeyd_policy_restart_needed 0']);
  standing = {
    loadedAt: NOW,
    rejected: { at: NOW + 1, message: 'no such issuer' },
    waitsForRestart: ['http.listen'],
  };
  expect(await samples('rekeyd_policy')).toEqual([loaded, 'rekeyd_policy_refused 1', 'rekeyd_policy_restart_needed 1']);
});

test('the heartbeat, readiness and how far apart looks should be are told', async () => {
  let missing = ['a login'];
  const { samples } = metricsOf({ sinceBeatMs: () => 1_500, missing: () => missing, resyncMs: () => 300_000 });
  expect(await samples('rekeyd_heartbeat')).toEqual(['rekeyd_heartbeat_age_seconds 1.5']);
  expect(await samples('rekeyd_resync_target')).toEqual(['rekeyd_resync_target_seconds 300']);
  expect(await samples('rekeyd_ready')).toEqual(['rekeyd_ready 0']);
  missing = [];
  expect(await samples('rekeyd_ready')).toEqual(['rekeyd_ready 1']);
});

test('an issuer that the policy no longer names is no longer told of', async () => {
  const issuers = new Map([['sto1', { limits: { concurrency: 1, perSecond: 1 } }]]);
  const { metrics, samples } = metricsOf({ issuers });
  metrics.noteListed('sto1', { ours: 1, unclaimed: 0, foreign: 0 });
  expect(await samples('rekeyd_issuer_listed')).toEqual([
    `rekeyd_issuer_listed_timestamp_seconds{issuer="sto1"} ${NOW / 1_000}`,
  ]);
  issuers.clear();
  expect(await samples('rekeyd_issuer_')).toEqual([]);
});

test('labels are escaped', async () => {
  const { samples } = metricsOf({ version: '1 "x"\\\n' });
  expect(await samples('rekeyd_build_info')).toEqual(['rekeyd_build_info{version="1 \\"x\\"\\\\\\n"} 1']);
});

test('ten thousand applications are told of while the event loop goes on', async () => {
  const names = Array.from({ length: 10_000 }, (_, count) => `application-${count}`);
  const board = boardOf(names);
  for (const name of names) board.record(outcomeOf(name, { view: viewOf(name) }), NOW);
  // a machine on which each piece takes a millisecond
  let elapsed = 0;
  const { metrics } = metricsOf({ board }, () => (elapsed += 1));
  let turns = 0;
  const turning = (): void => {
    turns += 1;
    immediate = setImmediate(turning);
  };
  let immediate = setImmediate(turning);
  const pieces: Buffer[] = [];
  for await (const piece of metrics.pieces()) pieces.push(piece);
  clearImmediate(immediate);
  const text = Buffer.concat(pieces).toString();
  expect(text.match(/^rekeyd_application_state\{/gm)).toHaveLength(10_000);
  expect(pieces.length).toBeGreaterThan(100);
  expect(turns).toBeGreaterThanOrEqual(Math.floor(pieces.length / 8));
});
