import { ask, token } from './access.js';
import { askToken, confirmed } from './dialogs.js';
import { distance } from './words.js';

/**
 * Rotates an application now, after asking. `told` hears in words how it goes. Resolves once it has ended, however.
 */
export async function rotateNow(application, told) {
  if (!(await confirmed(`Rotate ${application.application} now?`, stepsOf(application), 'Rotate now'))) return;
  if (token.get() === '' && !(await askToken('Changing something needs the token.'))) return;
  told('rotating …', 'busy');
  try {
    const answer = await ask(`/api/v1/applications/${encodeURIComponent(application.application)}/rotate`, {
      method: 'POST',
    });
    const { generation } = await answer.json();
    told(`Rotated: generation ${generation} is published.`, 'well');
  } catch (problem) {
    if (problem.status === 401) token.set('');
    told(`${problem.title ?? 'Not rotated'}: ${problem.message}`, 'bad');
  }
}

/** What will happen, step by step. */
function stepsOf({ issuer, generation, current, path, grace_seconds: grace }) {
  const old =
    current &&
    `${current.access_key_id} lives on for its grace${grace === undefined ? '' : ` of ${distance(grace * 1_000)}`}, then it is revoked.`;
  return [
    `The issuer ${issuer} makes a new credential, and S3 is asked until it accepts it.`,
    `It is published to ${path} in Vault as generation ${(generation ?? 0) + 1}; consumers find it when they read next.`,
    ...(old ? [old] : []),
    'Should a step fail, what is published now stays as it is.',
  ];
}
