import { expect, test } from 'vitest';
import { decide } from '../../src/rotation/decide.ts';
import { dataOf, marked, recordOf, type Scene, scene } from './scene.ts';

/** Ways out that a remedy has to name for the case at hand; test/real/ tries them on a real Vault. */
function remedyOf(of: Scene): string {
  const { decision } = decide(scene(of));
  return decision.do === 'refuse' ? decision.refusal.remedy : '';
}

const overwritten = { access_key_id: 'AK9', secret_access_key: 'typed-by-hand' };

test('what took the place of a secret of rekeyd can be rolled back', () => {
  expect(remedyOf({ data: overwritten, listed: [marked(7, 7)] })).toContain('vault kv rollback');
});

test('where rekeyd never issued anything there is nothing to roll back to', () => {
  expect(remedyOf({ data: overwritten })).not.toContain('rollback');
  const record = recordOf();
  const application = { fields: { ...record.fields, REGION: '{region}' } };
  expect(remedyOf({ record, data: { ...dataOf(record), REGION: 'mine' }, application })).not.toContain('rollback');
});

test('an unreadable record is repaired by an earlier version', () => {
  expect(remedyOf({ data: { rekeyd: '{' } })).toContain('vault kv rollback');
});

test('undeleting does not bring back what was destroyed, an earlier version does', () => {
  const remedy = remedyOf({ stored: { state: 'deleted', version: 3 } });
  expect(remedy).toContain('vault kv undelete');
  expect(remedy).toContain('vault kv rollback to an earlier version where it was destroyed');
});
