import { expect, test } from 'vitest';
import { EVENT_LEVELS } from '../../src/rotation/events.ts';
import { iso } from '../../src/rotation/record.ts';
import { wordsFor } from '../../src/rotation/words.ts';
import { INSTANCE, NOW } from './scene.ts';

const entry = { id: 'id-6', access_key_id: 'AK6', instance: INSTANCE, revoke_at: iso(NOW), why: 'rotated' };
const stray = { id: 'id-8', accessKeyId: 'AK8', instance: INSTANCE, marker: undefined as never };

test('each thing that is about to be done has words of its own', () => {
  const one = { strays: [stray], why: 'stray' } as const;
  const words = [
    wordsFor({ do: 'enter-strays', entering: one }),
    wordsFor({ do: 'enter-strays', entering: { ...one, strays: [stray, stray] } }),
    wordsFor({ do: 'revoke', entries: [entry, { ...entry, access_key_id: 'AK5' }] }),
    wordsFor({ do: 'rotate', why: 'gone', generation: 9, entering: one }),
    wordsFor({ do: 'adopt' }),
    wordsFor({ do: 'republish' }),
    wordsFor({ do: 'reschedule' }),
    wordsFor({ do: 'renew' }),
  ];
  const facts = [
    /a stray/,
    /strays/,
    /revoke AK6, AK5/,
    /generation 9 \(gone\)/,
    /adopt/,
    /republish/,
    /schedule/,
    /once more/,
  ];
  for (const [index, fact] of facts.entries()) expect(words[index]).toMatch(fact);
  expect(new Set(words).size).toBe(facts.length);
});

test('each event is logged at a level that the log knows, and what breaks a rotation as an error', () => {
  for (const [event, level] of Object.entries(EVENT_LEVELS))
    expect(['debug', 'info', 'warn', 'error'], event).toContain(level);
  const errors = [
    'rotation.failed',
    'rotation.blocked',
    'revocation.failed',
    'application.refused',
    'pass.failed',
  ] as const;
  for (const event of errors) expect(EVENT_LEVELS[event]).toBe('error');
});
