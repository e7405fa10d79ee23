import { expect, test } from 'vitest';
import { boardOf, entryInGrace, NOW, outcomeOf, troubleOf, viewOf } from '../telemetry/views.ts';
import { serve } from './serving.ts';

const behind = { ...entryInGrace, accessKeyId: 'AKIA5', revokeAt: null, why: 'behind' };

/** One of which everything can be found, and one of which nothing of that can. */
function board() {
  const all = boardOf(['billing', 'mail']);
  const view = viewOf('billing', { superseded: [behind, entryInGrace] });
  const notices = [troubleOf('failed', 'clocks-disagree')];
  all.record(outcomeOf('billing', { view, notices, trouble: troubleOf('refused', 'edited') }), NOW);
  return all;
}

test.each([
  ['its name', 'bill'],
  ['its path', 'apps/billing'],
  ['its access key id', 'akia7'],
  ['an access key id in grace', 'AKIA6'],
  ['one that only a person revokes', 'AKIA5'],
  ['the code of its trouble', 'edited'],
  ['the code of a notice', 'clocks-disagree'],
  ['words in any order', ' edited  STO1 bill '],
])('an application is found by %s', async (_, q) => {
  const { applications } = (
    await (
      await serve({ board: board() })
    )(`/api/v1/applications?q=${encodeURIComponent(q)}`)
  ).json();
  expect(applications.map(({ application }: { application: string }) => application)).toEqual(['billing']);
});

test('all applications of an issuer are found by its name, and none by what stands nowhere', async () => {
  const ask = await serve({ board: board() });
  expect((await ask('/api/v1/applications?q=sto1')).json().total).toBe(2);
  expect((await ask('/api/v1/applications?q=sto1%20nowhere')).json().total).toBe(0);
});
