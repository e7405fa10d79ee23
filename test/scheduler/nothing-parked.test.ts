import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Circuit } from '../../src/scheduler/circuit.ts';
import { ServerWatch } from '../../src/scheduler/server-watch.ts';
import { engine, serverError, settle, trouble } from './world.ts';

const fleet = { sto1: ['a', 'b', 'c', 'd'], fbg1: ['e', 'f'] };
const everyone = Object.values(fleet).flat();
const RESYNC = 60_000;

type Step =
  | { readonly do: 'beat'; readonly ms: number }
  | { readonly do: 'ask'; readonly application: string }
  | { readonly do: 'server'; readonly isUp: boolean }
  | { readonly do: 'forget'; readonly application: string };

const application = fc.constantFrom(...everyone);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('beat' as const), ms: fc.constantFrom(0, 1_000, 10_000, 70_000) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('ask' as const), application }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('server' as const), isUp: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('forget' as const), application }) },
);

const answer = fc.constantFrom('well', 'due', 'did', 'more', 'failed', 'blocked', 'refused');

test('whatever happens, no application is in hand twice, none is lost, and all asked for is answered', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.infiniteStream(answer), async (steps, answers) => {
      const circuit = new Circuit({
        server: 'issuer sto1',
        code: 'issuer-circuit-open',
        failures: 1,
        probeAfterMs: [0],
      });
      let isUp = true;
      const call = () => circuit.execute('probe', () => (isUp ? Promise.resolve() : Promise.reject(serverError())));
      const { clock, rotator, scheduler, outcomes, beat } = engine(fleet, {
        issuers: new Map([['sto1', new ServerWatch(circuit, call)]]),
        spreadMs: 5_000,
        resyncMs: RESYNC,
        concurrency: 2,
      });
      const reply = async () => {
        const kind = answers.next().value ?? 'well';
        await new Promise((resolve) => setImmediate(resolve));
        if (kind === 'failed' || kind === 'blocked' || kind === 'refused') {
          return { trouble: trouble(kind), nextAt: kind === 'refused' ? Number.POSITIVE_INFINITY : clock.at };
        }
        if (kind === 'well') return { nextAt: clock.at + 3_600_000 };
        return {
          did: kind === 'due' ? 'nothing' : 'rotated',
          nextAt: kind === 'did' ? clock.at + 30_000 : clock.at,
        } as const;
      };
      rotator.surveyAnswer = reply;
      rotator.passAnswer = reply;
      const asked: Promise<unknown>[] = [];
      for (const each of steps) {
        if (each.do === 'beat') {
          clock.at += each.ms;
          scheduler.tick();
          await new Promise((resolve) => setImmediate(resolve));
        } else if (each.do === 'ask') asked.push(scheduler.request(each.application, { rotate: true, despite: [] }));
        else if (each.do === 'forget') rotator.surveyed.delete(each.application);
        else {
          isUp = each.isUp;
          await call().catch(() => {});
        }
      }
      isUp = true;
      rotator.surveyAnswer = () => ({ nextAt: clock.at + 3_600_000 });
      rotator.passAnswer = () => ({ did: 'rotated', nextAt: clock.at + 3_600_000 });
      await settle();
      for (let turn = 0; turn < 5; turn += 1) await beat(RESYNC);
      await Promise.all(asked);
      for (const name of everyone) expect(scheduler.nextAtOf(name)).toBeGreaterThan(clock.at);
      expect(rotator.most).toBeLessThanOrEqual(4);
      expect(outcomes.filter((one) => one.trouble?.code === 'internal-error')).toEqual([]);
    }),
    { numRuns: 60 },
  );
});
