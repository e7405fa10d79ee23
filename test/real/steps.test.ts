import { describe, expect, test } from 'vitest';
import type { ProxyCall } from './support/fault-proxy.ts';
import { type Step, StepNamer } from './support/steps.ts';

const PATH = '/v1/secret/data/apps/billing/s3';
const CREDENTIAL = { id: 'first' };
const RECORD = {
  generation: 3,
  schedule: '{"every":"30d"}',
  credential: CREDENTIAL,
  fields: { key: '{access_key_id}' },
  endpoint: 'https://one.example.net',
  region: 'one',
};
type RecordLike = Readonly<Record<string, unknown>>;

function call(method: string, path: string, sent: unknown, answered?: unknown): ProxyCall {
  const answer = { status: 200, body: Buffer.from(JSON.stringify(answered ?? {})) };
  return { proxy: 'any', method, path, headers: {}, body: Buffer.from(JSON.stringify(sent)), answer };
}

const read = (record: RecordLike): ProxyCall =>
  call('GET', PATH, '', { data: { data: { rekeyd: JSON.stringify(record) } } });
const write = (record: RecordLike): ProxyCall => call('PUT', PATH, { data: { rekeyd: JSON.stringify(record) } });
const issue = (id: string): ProxyCall =>
  call('POST', '/objectstorage/createcredential', {}, { response: { credential: { id, accesskey: 'AKIA' } } });
const remove = (credentialid: string): ProxyCall =>
  call('POST', '/objectstorage/deletecredential', { instanceid: 'os-1', credentialid });

/** What each call is named, in the order in which one process makes them. */
function named(...calls: readonly ProxyCall[]): readonly (Step | undefined)[] {
  const namer = new StepNamer();
  return calls.map((one) => {
    const step = namer.nameOf(one);
    namer.learn(one, step);
    return step;
  });
}

describe('a write is named by what it changes in the record that was read', () => {
  test.each<[Step, RecordLike]>([
    ['publish', { generation: 4, credential: { id: 'second' }, endpoint: 'https://two.example.net' }],
    ['republish', { fields: { key: '{access_key_id}', more: '{region}' } }],
    ['republish', { endpoint: 'https://two.example.net', schedule: '{"every":"40d"}' }],
    ['republish', { region: 'two' }],
    ['reschedule', { schedule: '{"every":"40d"}' }],
    ['fence', { superseded: [{ id: 'stray' }] }],
    ['adopt', { credential: { ...CREDENTIAL, adopted: true } }],
  ])('%s', (step, change) => {
    expect(named(read(RECORD), write({ ...RECORD, ...change }))).toEqual(['read', step]);
  });

  test('adopt, where there was no record, and publish otherwise', () => {
    const adopted = { ...RECORD, credential: { ...CREDENTIAL, adopted: true } };
    expect(named(write(adopted), read(adopted), read(adopted))).toEqual(['adopt', 'read-back', 'read']);
    expect(named(write({ ...RECORD, generation: 1 }))).toEqual(['publish']);
    expect(named(read(adopted), write({ ...adopted, region: 'two' }))).toEqual(['read', 'republish']);
  });
});

describe('a deletion takes a candidate back', () => {
  test('while no publish of it was sent by the process that issued it', () => {
    expect(named(issue('second'), remove('second'))).toEqual(['issue', 'take-back']);
  });

  test('and is a revocation of anything else', () => {
    const publish = write({ ...RECORD, generation: 4, credential: { id: 'second' } });
    expect(named(remove('first'))).toEqual(['revoke']);
    expect(named(issue('second'), remove('first'))).toEqual(['issue', 'revoke']);
    expect(named(read(RECORD), issue('second'), publish, remove('second')).at(-1)).toBe('revoke');
  });
});
