import { patch, type Sabotage } from './sabotage.ts';

const ORDER = 'the order of decide';
const CONDITIONS = 'the conditions of decide';

/** One choice of `decide` looked at right before another one, wherever it stood. */
function before(choice: string, other: string): Sabotage['patches'] {
  return [patch('decide.ts', `  ${choice},\n`, ''), patch('decide.ts', `  ${other},\n`, `  ${choice},\n  ${other},\n`)];
}

/** What `decide` would do before or instead of what it must, where several things are to be done. */
export const CHOICES: Readonly<Record<string, Sabotage>> = {
  'a lifted refusal comes before those that stand': {
    against: ORDER,
    patches: before('lift', 'refuse'),
    scene: 'two refusals with one of them lifted',
    breaks: /^H .* without a person's word$/,
  },
  'a revocation comes before the fence': {
    against: ORDER,
    patches: before('revoke', 'enterStrays'),
    scene: 'a stray of a crash, and a grace that is over',
    breaks: /^N .* before a stray was fenced$/,
  },
  'an adoption comes before a retirement': {
    against: ORDER,
    patches: before('adopt', 'refuseIssue'),
    scene: 'a retired application under a new name',
    breaks: /^I4 it ends in internal-error$/,
  },
  'a changed mapping comes before a rotation': {
    against: ORDER,
    patches: before('republish', 'rotate'),
    scene: 'a changed mapping while a rotation is due',
    breaks: /^N .* rewritten although its rotation was due$/,
  },
  'a changed schedule comes before a changed mapping': {
    against: ORDER,
    patches: before('reschedule', 'republish'),
    scene: 'a changed mapping and a changed schedule',
    breaks: /^N .* rewritten twice for one policy$/,
  },
  'clocks that disagree hold no revocation': {
    against: CONDITIONS,
    patches: [patch('revocation.ts', 'if (isHeld(s) || clocksDisagree(s)) return [];', 'if (isHeld(s)) return [];')],
    scene: 'clocks ten minutes apart',
    breaks: /^N .* revoked although the clocks disagree$/,
  },
  'clocks that disagree hold no rewriting': {
    against: CONDITIONS,
    patches: [patch('decide.ts', 'mayBeRewritten(s) && !clocksDisagree(s) &&', 'mayBeRewritten(s) &&')],
    scene: 'a changed mapping, and clocks ten minutes apart',
    breaks: /^N .* rewritten although the clocks disagree$/,
  },
  'a mapping is rewritten although the list lacks the credential': {
    against: CONDITIONS,
    patches: [patch('decide.ts', "!clocksDisagree(s) && s.observation.current.is === 'listed'", '!clocksDisagree(s)')],
    scene: 'a changed mapping while the list is short',
    breaks: /^N .* rewritten while the list lacks its credential$/,
  },
  'a young stray is fenced': {
    against: CONDITIONS,
    patches: [patch('decide.ts', 's.strays.filter((stray) => isOldStray(s, stray));', 's.strays;')],
    scene: 'a young stray whose publish is on its way',
    breaks: /^N .* fenced while its attempt may be under way$/,
  },
  'a window holds nothing back': {
    against: CONDITIONS,
    patches: [patch('decide.ts', ' && windowOpen(s.application.rotate, s.now);', ';')],
    scene: 'a window that is shut while a rotation is due',
    breaks: /^N .* outside of its window$/,
  },
  'the first publish enters no strays': {
    against: CONDITIONS,
    patches: [patch('decide.ts', '= !s.record || beyond || liftsRefusal(s);', '= beyond || liftsRefusal(s);')],
    scene: 'a path without a record that strays lead to',
    breaks: /^I4 .* left out of the first record/,
  },
  'Vault deletes a secret before it is rotated': {
    against: CONDITIONS,
    patches: [patch('lifetime.ts', 'endsAt(s) - s.application.graceMs;', 'Number.POSITIVE_INFINITY;')],
    scene: 'a secret that Vault deletes after some hours',
    breaks: /^I4 it ends in a secret that Vault has deleted$/,
  },
  'nothing is written once more before Vault deletes it': {
    against: CONDITIONS,
    patches: [patch('decide.ts', '  renew,\n  refuseIssue,', '  refuseIssue,')],
    scene: 'a hold on a secret that Vault deletes after some hours',
    breaks: /^I4 it ends in a secret that Vault has deleted$/,
  },
  'a stray that may be under way is counted': {
    against: CONDITIONS,
    patches: [
      patch('decide.ts', 'beyond || !s.record ? highestGeneration(s) : s.record.generation', 'highestGeneration(s)'),
    ],
    scene: 'a young stray, and somebody rotates',
    breaks: /^I4 left for ever: .*behind$/,
  },
};
