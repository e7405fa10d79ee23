import { patch, type Sabotage } from './sabotage.ts';
import { AMENDMENTS } from './sabotages-of-amendments.ts';
import { CHOICES } from './sabotages-of-choices.ts';

const RULES: Readonly<Record<string, Sabotage>> = {
  'a publish is compared with the version after its issue': {
    against: 'rule 1',
    patches: [
      patch(
        'write.ts',
        'const { version } = s.observation.stored;',
        'const { version } = await world.store.read(s.application.path);',
      ),
    ],
    scene: 'a publish on its way',
    breaks: /^N .* before it was due$/,
  },
  'a fence that met a conflict is sent again with a new version': {
    against: 'rule 1',
    patches: [
      patch(
        'write.ts',
        'const answer = await world.store.write(s.application.path, draft.data, version);',
        `const answer = await world.store.write(s.application.path, draft.data, version).catch(async (error) => {
          if (error.code !== 'conflict') throw error;
          return world.store.write(s.application.path, draft.data, (await world.store.read(s.application.path)).version);
        });`,
      ),
    ],
    scene: 'a stray of a crash while somebody rotates',
    breaks: /^N .* before it was due$/,
  },
  'a candidate is taken back after a conflict': {
    against: 'rule 2',
    patches: [
      patch(
        'rotate.ts',
        'const problem = problemOf(error);',
        "if (problemOf(error).code === 'conflict') await revokeCandidate(attempt, candidate);\n    const problem = problemOf(error);",
      ),
    ],
    scene: 'two replicas rotate',
    breaks: /^I1 .* while Vault holds it$/,
  },
  'a candidate is taken back when its publish was not answered': {
    against: 'rule 2',
    patches: [
      patch(
        'rotate.ts',
        'const problem = problemOf(error);',
        "if (problemOf(error).code !== 'conflict') await revokeCandidate(attempt, candidate);\n    const problem = problemOf(error);",
      ),
    ],
    scene: 'two replicas rotate',
    breaks: /^I1 .* while Vault holds it$/,
  },
  'a candidate is published unverified': {
    against: 'rule 3',
    patches: [patch('rotate.ts', 'await verifyOrRevoke(attempt, candidate);', '')],
    scene: 'the first credential of a path',
    breaks: /^I2 .* unverified$/,
  },
  'a secret is adopted unverified': {
    against: 'rule 3',
    patches: [patch('rewrite.ts', 'await verify(pair, seen.target, seen.application.verify, world);', '')],
    scene: 'adoption of a key that S3 refuses',
    breaks: /^I2 .* unverified$/,
  },
  'a secret is published to a new endpoint unverified': {
    against: 'rule 3',
    patches: [patch('rewrite.ts', 'await verify(pair, s.target, s.application.verify, world);', '')],
    scene: 'a new endpoint that does not work',
    breaks: /^I2 .* unverified$/,
  },
  'a credential is published with another secret': {
    against: 'rule 3',
    patches: [
      patch(
        'write.ts',
        'renderFields(fields, pair, s.target)',
        "renderFields(fields, { ...pair, secretAccessKey: new Secret('another') }, s.target)",
      ),
    ],
    scene: 'the first credential of a path',
    breaks: /^I2 .* with another secret$/,
  },
  'a stray is revoked without a fence': {
    against: 'rule 4',
    patches: [
      patch(
        'decide.ts',
        "return old.length > 0 ? { do: 'enter-strays', entering: { strays: old, why: 'stray' } } : undefined;",
        `const entries = old.map(({ id, accessKeyId, instance }) =>
          ({ id, access_key_id: accessKeyId, instance, revoke_at: null, why: 'stray' }));
        return old.length > 0 ? { do: 'revoke', entries } : undefined;`,
      ),
      patch(
        'retire.ts',
        'return revocable(again).some(',
        'return again.record === undefined || revocable(again).some(',
      ),
      patch('retire.ts', 'if (!(await isStillRevocable(s, entry, world))) break;', ''),
    ],
    scene: 'a publish on its way',
    breaks: /^I1 Vault holds .* which rekeyd revoked$/,
  },
  'a stray is entered without a grace': {
    against: 'rule 4',
    patches: [
      patch(
        'superseded.ts',
        "revoke_at: why === 'behind' ? null : graceEnd(s), why",
        "revoke_at: why === 'behind' ? null : iso(s.latest), why",
      ),
    ],
    scene: 'Vault restored by one rotation',
    breaks: /^I3 .* before its grace was over$/,
  },
  'an entry is revoked before its time': {
    against: 'rule 5',
    patches: [patch('revocation.ts', 'return revokeTime(entry) <= s.earliest;', 'return revokeTime(entry) !== null;')],
    scene: 'an old key in its grace',
    breaks: /^I3 .* before its grace was over$/,
  },
  'a grace is over when our own clock says so': {
    against: 'rule 5',
    patches: [patch('situation.ts', 'earliest: Math.min(around.now, serverTime)', 'earliest: around.now')],
    scene: 'clocks a little apart',
    breaks: /^I3 .* before its grace was over$/,
  },
  'a publish that arrives late shortens the grace': {
    against: 'rule 5',
    patches: [patch('record.ts', 'if (late <= 0) return record;', 'return record;')],
    scene: 'a slow rotation',
    breaks: /^I3 .* before its grace was over$/,
  },
  'the record is not read again before a revocation': {
    against: 'rule 5',
    patches: [patch('retire.ts', 'if (!(await isStillRevocable(s, entry, world))) break;', '')],
    scene: 'the old key is put back',
    breaks: /^H .* while somebody keeps it in a field$/,
  },
  'what carries no marker of ours is revoked': {
    against: 'rule 5',
    patches: [patch('revocation.ts', 'showsOurMarker(s, entry) ? undefined :', 'true ? undefined :')],
    scene: 'a record that names a key of somebody else',
    breaks: /^I6 .* not the revoker's$/,
  },
  'what Vault holds is revoked where the record says so': {
    against: 'rule 5',
    patches: [
      patch('revocation.ts', 'return isCurrent ? ', 'return isCurrent === null ? '),
      patch('revocation.ts', 'isReferenced(s, entry.access_key_id) ? ', 'revokeTime(entry) < 0 ? '),
    ],
    scene: 'a record that names its own key as superseded',
    breaks: /^I1 .* while Vault holds it$/,
  },
  'an old key that somebody put back is revoked': {
    against: 'rule 5',
    patches: [
      patch('revocation.ts', 'isReferenced(s, entry.access_key_id) ? ', 'revokeTime(entry) < 0 ? '),
      patch('remembered.ts', 'usedEntries(s)', '[]'),
    ],
    scene: 'the old key is put back',
    breaks: /^H .* while somebody keeps it in a field$/,
  },
};

/** `decide` would do something before or instead of what it must. */
const DECISIONS: Readonly<Record<string, Sabotage>> = {
  'refusals are looked at last': {
    against: 'the order of decide',
    patches: [
      patch('decide.ts', '  refuse,\n  lift,\n', '  lift,\n'),
      patch('decide.ts', '  reschedule,\n];', '  reschedule,\n  refuse,\n];'),
    ],
    scene: 'refused: edited',
    breaks: /^H .* without a person's word$/,
  },
  'a rotation comes before an adoption': {
    against: 'the order of decide',
    patches: [patch('decide.ts', '  adopt,\n  rotate,\n', '  rotate,\n  adopt,\n')],
    scene: 'adoption of a secret that stays locked',
    breaks: /^H .* without a person's word$/,
  },
  'a rotation comes before the fence': {
    against: 'the order of decide',
    patches: [
      patch('decide.ts', '  enterStrays,\n  revoke,\n', ''),
      patch('decide.ts', '  rotate,\n  republish,\n', '  rotate,\n  enterStrays,\n  revoke,\n  republish,\n'),
    ],
    scene: 'strays of crashes, and a rotation due',
    breaks: /^I4 left for ever: .*strays-waiting$/,
  },
  'nothing ever falls due': {
    against: 'the conditions of decide',
    patches: [patch('decide.ts', 'return s.now >= Date.parse(record.rotate_at) && ', 'return s.now < 0 && ')],
    scene: 'a slow rotation',
    breaks: /^N .* not rotated any more/,
  },
  'what others keep in the secret is dropped': {
    against: 'what is carried over',
    patches: [
      patch(
        'write.ts',
        'const foreign = Object.entries(s.data).filter(([name]) => !before.has(name));',
        'const foreign: [string, unknown][] = before.has("") ? [] : [];',
      ),
    ],
    scene: 'another program writes beside us',
    breaks: /^H theirs .* was lost$/,
  },
  'a missing credential is gone without asking S3': {
    against: 'the conditions of decide',
    patches: [patch('observe.ts', 'return tryMissing(reading, record, world);', "return { is: 'gone' };")],
    scene: 'a short list',
    breaks: /^N .* before it was due$/,
  },
  'a hold holds no rotation': {
    against: 'the conditions of decide',
    patches: [patch('lifetime.ts', '!isHeld(s) && !clocksDisagree(s)', '!clocksDisagree(s)')],
    scene: 'a hold',
    breaks: /^N .* rotated during a hold$/,
  },
  'a hold holds no revocation': {
    against: 'the conditions of decide',
    patches: [
      patch('revocation.ts', 'if (isHeld(s) || clocksDisagree(s)) return [];', 'if (clocksDisagree(s)) return [];'),
    ],
    scene: 'a hold',
    breaks: /^N .* revoked during a hold$/,
  },
  'clocks that disagree hold no rotation': {
    against: 'the conditions of decide',
    patches: [patch('lifetime.ts', '!isHeld(s) && !clocksDisagree(s)', '!isHeld(s)')],
    scene: 'clocks ten minutes apart, and a rotation not yet due',
    breaks: /^N .* before it was due$/,
  },
  'a mapping is rewritten whoever wrote it last': {
    against: 'the conditions of decide',
    patches: [
      patch('drift.ts', 'return stored.createdAt < loadedAt || s.record?.by === s.replica;', 'return loadedAt > 0;'),
    ],
    scene: 'two policies side by side',
    breaks: /^P .* back and forth$/,
  },
};

/** Each refusal taken out by itself. */
function withoutRefusal(code: string): Sabotage {
  const find = 'if (refusal.stops !== stops || isLifted(s, refusal)) continue;';
  return {
    against: 'the refusals',
    patches: [patch('refusals.ts', find, `if (refusal.code === '${code}') continue;\n    ${find}`)],
    scene: `refused: ${code}`,
    breaks: code === 'strays-full' ? /^B .* beside 4 live ones$/ : /^H .* without a person's word$/,
  };
}

/** Each condition before an issue taken out by itself. */
function withoutCondition(code: string, breaks = /^B .* although/, scene = `blocked: ${code}`): Sabotage {
  const find = 'const reason = test(facts);';
  return {
    against: 'the conditions before an issue',
    patches: [patch('conditions.ts', find, `const reason = code === '${code}' ? undefined : test(facts);`)],
    scene,
    breaks,
  };
}

const REFUSALS = [
  'record-unreadable',
  'unmanaged',
  'edited',
  'deleted',
  'not-ours',
  'copied',
  'instance-changed',
  'behind',
  'not-adoptable',
  'strays-full',
  'retired',
];

const CONDITIONS = [
  'namespace-unproven',
  'mount-not-kv2',
  'path-not-writable',
  'lifetime-short',
  'token-short-lived',
  'marker-garbled',
  'endpoint-silent',
  'quota-full',
];

/** Every sabotage, by its name. */
export const SABOTAGES: Readonly<Record<string, Sabotage>> = {
  ...RULES,
  ...DECISIONS,
  ...CHOICES,
  ...AMENDMENTS,
  ...Object.fromEntries(REFUSALS.map((code) => [`the refusal ${code} is missing`, withoutRefusal(code)])),
  ...Object.fromEntries(CONDITIONS.map((code) => [`the condition ${code} is missing`, withoutCondition(code)])),
  'the condition too-many-live is missing': withoutCondition(
    'too-many-live',
    /^B .* beside 4 live ones$/,
    'publishes that never arrive',
  ),
  'the condition strays-waiting is missing': withoutCondition(
    'strays-waiting',
    /^B .* beside 2 strays$/,
    'publishes that never arrive',
  ),
};
