import { expect, test } from 'vitest';
import { PortError } from '../../src/rotation/errors.ts';
import { commit, draftFields, draftRecord } from '../../src/rotation/write.ts';
import { failure, Memory } from './memory.ts';
import { dataOf, FIELDS, pairOf, recordOf, scene } from './scene.ts';

const record = recordOf();
const { fields: _fields, endpoint: _endpoint, region: _region, digest: _digest, written: _written, ...rest } = record;

/** What writing a draft fails with, and how often the store was asked. */
async function failureOf(by: string, answer?: { readonly version: number }) {
  const memory = new Memory();
  let writes = 0;
  memory.store.write = async () => {
    writes += 1;
    return answer ?? { version: 4 };
  };
  const s = scene({ record });
  const error = await commit(s, draftRecord(s, { ...record, by }), memory.replica().world).catch((thrown) => thrown);
  return { error: error as PortError, writes };
}

test('a record that could not be read again is refused before anything is sent, and the member is named', async () => {
  const { error, writes } = await failureOf('a name with spaces');
  expect(writes).toBe(0);
  expect(error).toBeInstanceOf(PortError);
  expect(error).toMatchObject({ kind: 'rejected', code: 'record-unwritable', concerns: 'request' });
  expect(error.message).toBe(
    'could not write apps/billing/s3: the record would not be readable again: not as rekeyd writes it: by',
  );
  expect(error.remedy).toContain('Nothing was written');
});

test('an answer with another version than the next one may mean anything, and is told with both', async () => {
  const { error } = await failureOf('replica-1', { version: 9 });
  expect(error).toMatchObject({ kind: 'ambiguous', code: 'publish-unconfirmed', concerns: 'request' });
  expect(error.message).toContain('write version 4');
  expect(error.message).toContain('version 9');
  expect(error.remedy).not.toBe('');
});

test('a failure of the store is passed on as it is', async () => {
  const memory = new Memory();
  const conflict = failure('rejected', 'conflict');
  memory.store.write = () => Promise.reject(conflict);
  const s = scene({ record });
  await expect(commit(s, draftRecord(s, record), memory.replica().world)).rejects.toBe(conflict);
});

test('a field that we no longer write goes, and what others keep beside ours stays', () => {
  const s = scene({ record, data: dataOf(record, { theirs: 'kept', number: 7 }) });
  const [dropped = '', ...kept] = Object.keys(FIELDS).toReversed();
  const fields = Object.fromEntries(kept.map((name) => [name, FIELDS[name as keyof typeof FIELDS]]));
  const written = draftFields(s, fields, pairOf('AK8'), rest).data.reveal();
  expect(written).toMatchObject({ theirs: 'kept', number: 7 });
  expect(Object.keys(written).toSorted()).toEqual([...kept, 'number', 'rekeyd', 'theirs'].toSorted());
  expect(written).not.toHaveProperty(dropped);
});
