import { patch, type Sabotage } from './sabotage.ts';

const COMMIT = 'await commit(s, amended(s, { ...s.record, by }, amendment, world.replica), world)';
/** The same situation, as if it had been read at a newer version. */
const AT_VERSION = '{ ...s, observation: { ...s.observation, stored: { ...s.observation.stored, version } } }';
const ROTATED_MEANWHILE = 'a hold comes while a rotation is due';
const SHORTENED_MEANWHILE = 'an old key is shortened while another replica rotates';
const SHORTENED_A_LITTLE = 'an old key is shortened to some minutes';

/** What people ask for, put into the record in a way that it must not be. */
export const AMENDMENTS: Readonly<Record<string, Sabotage>> = {
  'an amendment is compared with the version after its look': {
    against: 'rule 1',
    patches: [
      patch(
        'amend.ts',
        `const written = ${COMMIT};`,
        `const { version } = await world.store.read(s.application.path);
        const written = ${COMMIT.replace('commit(s,', `commit(${AT_VERSION},`)};`,
      ),
    ],
    scene: ROTATED_MEANWHILE,
    breaks: /^N .* before it was due$/,
  },
  'an amendment that met a conflict is sent again with a new version': {
    against: 'rule 1',
    patches: [
      patch(
        'amend.ts',
        `const written = ${COMMIT};`,
        `const draft = amended(s, { ...s.record, by }, amendment, world.replica);
        const written = await commit(s, draft, world).catch(async (error) => {
          if (error.code !== 'conflict') throw error;
          const { version } = await world.store.read(s.application.path);
          return commit(${AT_VERSION}, draft, world);
        });`,
      ),
    ],
    scene: ROTATED_MEANWHILE,
    breaks: /^N .* before it was due$/,
  },
  'a young stray is revoked directly when a person shortens it': {
    against: 'rule 4',
    patches: [
      patch(
        'amend.ts',
        'try {',
        `if (amendment.amend === 'shorten' && !s.record?.superseded.some(({ id }) => id === amendment.credentialId)) {
          await world.lists.issuerOf(amendment.instance)?.revoke(amendment.credentialId);
          return { s };
        }
        try {`,
      ),
    ],
    scene: 'a young stray is shortened while its publish is on its way',
    breaks: /^I1 Vault holds .* which rekeyd revoked$/,
  },
  'the current credential is shortened': {
    against: 'what stands against an amendment',
    patches: [
      patch('amendment.ts', 'isCurrent(s, amendment) ? ', 's.now < 0 ? '),
      patch(
        'amendment.ts',
        'entryOf(s, amendment) || strayOf(s, amendment)',
        'entryOf(s, amendment) || strayOf(s, amendment) || isCurrent(s, amendment)',
      ),
      patch(
        'amendment.ts',
        'return [...carriedEntries(s, record), ...entered].map(',
        `const current = record.credential?.id === amendment.credentialId
          ? [{ ...record.credential, revoke_at: iso(end), why: 'rotated' }] : [];
        return [...carriedEntries(s, record), ...current, ...entered].map(`,
      ),
    ],
    scene: 'a key leaked while its rotation is due',
    breaks: /^I3 .* was given an end while it is current$/,
  },
  'a shortened grace ends at once, whatever a person said': {
    against: 'what a person shortened',
    patches: [patch('amendment.ts', 'const end = s.latest + amendment.graceMs;', 'const end = s.latest;')],
    scene: SHORTENED_A_LITTLE,
    breaks: /^I3 .* before its grace was over$/,
  },
  'every grace is shortened with the one that was named': {
    against: 'what a person shortened',
    patches: [patch('amendment.ts', 'if (!isNamed(entry, amendment)) return entry;', '')],
    scene: SHORTENED_MEANWHILE,
    breaks: /^I3 .* was given less grace than it had$/,
  },
  'the next publish lengthens what a person shortened': {
    against: 'what a person shortened',
    patches: [
      patch(
        'superseded.ts',
        '.map((entry) => withGraceWhereUsed(s, entry));',
        '.map((entry) => ({ ...entry, revoke_at: graceEnd(s) }));',
      ),
    ],
    scene: SHORTENED_A_LITTLE,
    breaks: /^W the grace of .* was lengthened$/,
  },
  'strays from beyond a backup get a normal grace beside the one that was named': {
    against: 'what a person shortened',
    patches: [patch('amendment.ts', '(mayEnter && isOldStray(s, stray))', 'isOldStray(s, stray)')],
    scene: 'one of the strays from beyond a backup is shortened',
    breaks: /^I3 .* which only a person may have revoked$/,
  },
  'an amendment without an answer is told to stand': {
    against: 'what is told',
    patches: [
      patch(
        'amend.ts',
        "if (!(error instanceof PortError) || error.kind === 'unavailable'",
        "if (error.kind === 'ambiguous') return { s };\n      if (!(error instanceof PortError) || error.kind === 'unavailable'",
      ),
    ],
    scene: SHORTENED_MEANWHILE,
    breaks: /^W shorten was told to stand/,
  },
  'the next publish loses a hold': {
    against: 'what is carried over',
    patches: [patch('rotate.ts', '...s.record,\n    v: 1,', '...s.record,\n    hold: undefined,\n    v: 1,')],
    scene: ROTATED_MEANWHILE,
    breaks: /^W .* is not held as people said$/,
  },
  'a retirement leaves the current credential out': {
    against: 'what a retirement takes out',
    patches: [
      patch(
        'amendment.ts',
        'supersededByPublish(s, { strays: s.strays, why });',
        'supersededByPublish(s, { strays: s.strays, why }).filter(({ id }) => id !== record.credential?.id);',
      ),
    ],
    scene: 'an application is retired while another replica rotates it',
    breaks: /^I4 .* was dropped from the record/,
  },
  'a retirement leaves its fields in the secret': {
    against: 'what a retirement takes out',
    patches: [patch('write.ts', '{ ...foreign, [RECORD_FIELD]', '{ ...s.data, [RECORD_FIELD]')],
    scene: 'an application is retired while another replica rotates it',
    breaks: /^I1 .* is retired and still has /,
  },
};
