import { expect, test } from 'vitest';
import { sentence } from '../../src/rotation/sentence.ts';

const REMEDY = 'Check `project`.';

test('a reason and its remedy have one full stop between them, whatever the reason ends with', () => {
  const text = (reason: string) => sentence({ reason, remedy: REMEDY });
  expect(text('it is sealed')).toBe('it is sealed. Check `project`.');
  expect(text('it says: Something went wrong.')).toBe('it says: Something went wrong. Check `project`.');
  expect(text('it says "No."')).toBe('it says "No." Check `project`.');
  expect(text('it asks: who?')).toBe('it asks: who? Check `project`.');
  expect(text('os-1.example is sealed')).toBe('os-1.example is sealed. Check `project`.');
  expect(text('it waits …')).toBe('it waits … Check `project`.');
});

test('where one of them is missing the other stands alone', () => {
  expect([sentence({ reason: 'it is sealed' }), sentence({ remedy: REMEDY }), sentence({})]).toEqual([
    'it is sealed',
    REMEDY,
    '',
  ]);
});
