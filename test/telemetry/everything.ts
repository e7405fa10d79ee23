import { Metrics } from '../../src/telemetry/metrics.ts';
import { boardOf, entryInGrace, NOW, outcomeOf, troubleOf, viewOf } from './views.ts';

/** Metrics of which each has a sample, with every label that it knows. */
export function everyMetric(): Promise<string> {
  const board = boardOf(['billing']);
  const view = viewOf('billing', { superseded: [entryInGrace], strays: 1 });
  board.record(outcomeOf('billing', { view, trouble: troubleOf('refused', 'edited') }), NOW);
  const metrics = new Metrics({
    board,
    now: () => NOW,
    issuers: new Map([['sto1', { limits: { concurrency: 1, perSecond: 1, credentials: 9 } }]]),
    circuits: () => [
      { server: 'Vault', code: 'x', isOpen: true, openSince: 0, lastFailure: undefined, onOpen() {}, onClose() {} },
    ],
    effectiveResyncMs: () => 1,
    resyncMs: () => 1,
    policyStanding: () => ({ loadedAt: NOW }),
    tokenStanding: () => ({ expiresAt: NOW, lifetimeMs: 1_000, problem: undefined }),
    sinceBeatMs: () => 1,
    missing: () => [],
    version: '1',
    isAboutProcess: true,
  });
  metrics.noteListed('sto1', { ours: 1, unclaimed: 1, foreign: 1 });
  metrics.follow({ event: 'credential.issued', application: 'billing', step: 'issue', durationMs: 1 });
  metrics.trafficOf('Vault').called('ok', 1);
  metrics.trafficOf('Vault').certified(NOW);
  return metrics.render();
}
