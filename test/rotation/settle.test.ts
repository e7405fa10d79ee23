import { expect, test } from 'vitest';
import type { Outcome } from '../../src/rotation/outcome.ts';
import { settle } from '../../src/rotation/settle.ts';
import { StillClock } from './memory.ts';
import { NOW } from './scene.ts';

const plain: Outcome = { application: 'billing', did: 'nothing', notices: [], nextAt: NOW, next: 'look again' };
const troubled = (kind: 'refused' | 'failed') => ({ trouble: { kind, code: 'x', reason: 'y', remedy: 'z' } });

/** Answers these outcomes in turn; the last one repeats. */
function rotatorOf(...outcomes: readonly Partial<Outcome>[]) {
  const asked: unknown[] = [];
  const pass = async (_: string, request?: unknown): Promise<Outcome> => {
    return { ...plain, ...outcomes[Math.min(asked.push(request), outcomes.length) - 1] };
  };
  return { asked, rotator: { pass, survey: async () => [], isSurveyed: () => false } };
}

const ahead = { nextAt: NOW + 1 };
const request = { rotate: true, despite: ['edited'] };

test.each([
  ['nothing is left to do', [{ did: 'revoked' }, { did: 'rotated' }, ahead], undefined, 3, ['revoked', 'rotated']],
  ['something stands in the way', [{ did: 'revoked' }, troubled('failed')], undefined, 2, ['revoked']],
  [
    'a new one was published, where that was asked for',
    [{ did: 'entered-strays' }, { did: 'rotated' }],
    request,
    2,
    ['entered-strays', 'rotated'],
  ],
  [
    'it was published, though nothing seemed left before',
    [{ ...ahead, did: 'revoked' }, { did: 'rotated' }],
    request,
    2,
    ['revoked', 'rotated'],
  ],
  ['something stands in the way of what was asked for', [troubled('refused')], request, 1, []],
  ['it goes on for ever', [{ did: 'revoked' }], undefined, 8, Array(8).fill('revoked')],
  ['what was asked for is never done', [plain], request, 8, []],
] as const)('passes go on until %s', async (_, outcomes, wanted, passes, did) => {
  const { rotator, asked } = rotatorOf(...(outcomes as readonly Partial<Outcome>[]));
  const settled = await settle(rotator, 'billing', new StillClock(), wanted);
  expect(settled.did).toEqual(did);
  expect(asked).toEqual(Array(passes).fill(wanted));
});
