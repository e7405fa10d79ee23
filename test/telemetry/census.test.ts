import { expect, test } from 'vitest';
import { formatMarker, type Marker } from '../../src/rotation/marker.ts';
import { censusOf } from '../../src/telemetry/census.ts';

const policy = { owner: 'acme', applications: new Map([['billing', {} as never]]) };

function marked(over: Partial<Marker> = {}): { readonly description: string } {
  const marker = { owner: 'acme', application: 'billing', generation: 3, place: '0a1b2c3d', nonce: '00112233' };
  return { description: formatMarker({ ...marker, attemptedAt: Date.parse('2026-03-01T12:00:00Z'), ...over }) };
}

test.each([
  ['our marker and an application of the policy are ours', marked(), 'ours'],
  ['so are those of another place, which is not told apart', marked({ place: 'ffffffff' }), 'ours'],
  ['our marker and an unknown application are unclaimed', marked({ application: 'gone' }), 'unclaimed'],
  ['another owner is foreign, whatever its application is called', marked({ owner: 'acme-test' }), 'foreign'],
  ['a description made by hand is foreign', { description: 'the backup server' }, 'foreign'],
  ['a marker that was written on is foreign', { description: `${marked().description} (old)` }, 'foreign'],
] as const)('%s', async (_, credential, kind) => {
  expect(await censusOf([credential], policy)).toEqual({ ours: 0, unclaimed: 0, foreign: 0, [kind]: 1 });
});

test('every credential is counted once', async () => {
  const credentials = [marked(), marked({ generation: 4 }), marked({ application: 'gone' }), { description: '' }];
  expect(await censusOf(credentials, policy)).toEqual({ ours: 2, unclaimed: 1, foreign: 1 });
});
