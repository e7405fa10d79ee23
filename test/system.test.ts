import { expect, test } from 'vitest';
import { readRecord, writeRecord } from '../src/rotation/record.ts';
import { replicaName } from '../src/system.ts';
import { recordOf } from './rotation/scene.ts';

test.each(['BÜRO-PC', "Anna's laptop", 'a\tb', '東京', 'x'.repeat(900)])(
  'a record says who wrote it and stays readable, whatever the machine is called: %j',
  (host) => {
    const rekeyd = writeRecord(recordOf({ by: replicaName(host) }));
    expect(readRecord({ rekeyd }).state).toBe('record');
  },
);

test('a replica is named after its machine, and no two of one machine are alike', () => {
  expect(replicaName('web-1')).toMatch(/^web-1-[0-9a-f]{8}$/);
  expect(replicaName('web-1')).not.toBe(replicaName('web-1'));
});
