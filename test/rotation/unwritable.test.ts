import { expect, test } from 'vitest';
import { Stage } from '../support/stage.ts';

test('a record that could not be read again is never written: it would keep every replica from the path for good', async () => {
  const stage = await Stage.open();
  try {
    const outcome = await stage.replica('a name with spaces').settle();
    expect(outcome.trouble).toMatchObject({ kind: 'failed', code: 'record-unwritable' });
    expect(outcome.trouble?.reason).toContain('by');
    expect(stage.secret()).toBeUndefined();
    // nothing is issued either that could then only be left
    expect(stage.live()).toEqual([]);
    expect((await stage.replica('replica-2').settle()).did).toBe('rotated');
  } finally {
    await stage.close();
  }
});
