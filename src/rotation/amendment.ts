import type { Problem } from './errors.ts';
import { iso, type RotationRecord, revokeTime, type Superseded } from './record.ts';
import { strayBeyond } from './refusals.ts';
import type { Amendment } from './rotator.ts';
import { isOldStray, type Situation } from './situation.ts';
import { carriedEntries, strayEntries, supersededByPublish } from './superseded.ts';
import { type Draft, draftRecord, draftRetired } from './write.ts';

type Kind = Amendment['amend'];
type Of<K extends Kind> = Extract<Amendment, { readonly amend: K }>;

/** What must hold before a record is amended. `test` returns the reason where it does not. */
interface Objection {
  readonly code: string;
  /** The amendments that it stands against. */
  readonly against: readonly Kind[];
  readonly test: (s: Situation, amendment: Amendment) => string | undefined;
  readonly remedy: (s: Situation) => string;
}

/** In the order in which they are looked at. Whatever refuses an application altogether comes before all of them. */
export const OBJECTIONS: readonly Objection[] = [
  {
    code: 'no-record',
    against: ['hold', 'release', 'shorten', 'retire'],
    test: (s) => (s.record ? undefined : `rekeyd has written nothing to ${s.application.path} yet`),
    remedy: (s) =>
      `Let the application get its first credential (rekeyd rotate ${s.application.name}), then ask again.`,
  },
  {
    code: 'still-current',
    against: ['shorten'],
    test: (s, amendment) =>
      isCurrent(s, amendment) ? `${s.record?.credential?.access_key_id} is the current credential` : undefined,
    remedy: (s) => `Rotate first: rekeyd rotate ${s.application.name}. Where it leaked: rekeyd leaked ACCESS_KEY_ID.`,
  },
  {
    code: 'not-superseded',
    against: ['shorten'],
    test: (s, amendment) =>
      entryOf(s, amendment) || strayOf(s, amendment)
        ? undefined
        : 'it is neither a superseded credential nor a stray of this application',
    remedy: (s) => `rekeyd status ${s.application.name} and rekeyd keys ${s.application.issuer} show whose it is.`,
  },
  {
    code: 'not-for-revoking',
    against: ['shorten'],
    test: (s, amendment) =>
      entryOf(s, amendment)?.why === 'adopted'
        ? 'it was not issued for this application at this place, so no replica revokes it by itself'
        : undefined,
    remedy: (s) => `Revoke it directly: rekeyd revoke ${s.application.issuer} ACCESS_KEY_ID.`,
  },
];

/** What is done to a record, and whether it stands there already. */
interface Change<K extends Kind> {
  readonly stands: (s: Situation, amendment: Of<K>) => boolean;
  readonly draft: (s: Situation, record: RotationRecord, amendment: Of<K>, replica: string) => Draft;
}

const CHANGES: { readonly [K in Kind]: Change<K> } = {
  hold: {
    stands: (s, { until }) => s.record?.hold !== undefined && Date.parse(s.record.hold.until) === until,
    draft: (s, record, { until, by, why }) => draftRecord(s, { ...record, hold: { until: iso(until), by, why } }),
  },
  release: {
    stands: (s) => s.record !== undefined && s.record.hold === undefined,
    draft: (s, { hold: _, ...record }) => draftRecord(s, record),
  },
  shorten: {
    stands: (s, amendment) => {
      const entry = entryOf(s, amendment);
      return entry !== undefined && entry.shortened === true && revokeTime(entry) <= s.latest + amendment.graceMs;
    },
    draft: (s, record, amendment) => draftRecord(s, { ...record, superseded: shortened(s, record, amendment) }),
  },
  retire: {
    stands: (s) => s.record?.credential === null,
    draft: (s, record, _, replica) => {
      const why = strayBeyond(s, record) ? 'behind' : 'stray';
      const superseded = supersededByPublish(s, { strays: s.strays, why });
      return draftRetired(s, { ...record, by: replica, credential: null, superseded });
    },
  },
};

/** Why a record is not amended; `undefined`: nothing speaks against it. */
export function objectionTo(s: Situation, amendment: Amendment): Problem | undefined {
  for (const { code, against, test, remedy } of OBJECTIONS) {
    const reason = against.includes(amendment.amend) ? test(s, amendment) : undefined;
    if (reason !== undefined) return { code, reason, remedy: remedy(s) };
  }
  return undefined;
}

/** Whether the record says so already. */
export function stands(s: Situation, amendment: Amendment): boolean {
  return changeOf(amendment).stands(s, amendment);
}

/** The next version, with the amendment in it. */
export function amended(s: Situation, record: RotationRecord, amendment: Amendment, replica: string): Draft {
  return changeOf(amendment).draft(s, record, amendment, replica);
}

function changeOf(amendment: Amendment): Change<Kind> {
  return CHANGES[amendment.amend] as Change<Kind>;
}

function isCurrent(s: Situation, amendment: Amendment): boolean {
  const current = s.record?.credential;
  return amendment.amend === 'shorten' && current?.id === amendment.credentialId;
}

function entryOf(s: Situation, amendment: Amendment): Superseded | undefined {
  return s.record?.superseded.find((entry) => isNamed(entry, amendment));
}

function strayOf(s: Situation, amendment: Amendment) {
  return s.strays.find((stray) => isNamed(stray, amendment));
}

function isNamed({ id, instance }: { readonly id: string; readonly instance: string }, amendment: Amendment): boolean {
  return amendment.amend === 'shorten' && amendment.credentialId === id && amendment.instance === instance;
}

/**
 * The entry with less grace. A stray is entered by the same write, which fences it as ever: a publish of it that is still
 * under way was built on an older version and fails from now on. Old strays beside it are entered too, with their grace,
 * but for those from beyond a backup: they may be in use.
 */
function shortened(s: Situation, record: RotationRecord, amendment: Of<'shorten'>): Superseded[] {
  const mayEnter = strayBeyond(s, record) === undefined;
  const strays = s.strays.filter((stray) => (mayEnter && isOldStray(s, stray)) || isNamed(stray, amendment));
  const entered = strayEntries(s, { strays, why: 'stray' });
  const end = s.latest + amendment.graceMs;
  return [...carriedEntries(s, record), ...entered].map((entry) => {
    if (!isNamed(entry, amendment)) return entry;
    return { ...entry, shortened: true, revoke_at: iso(Math.min(end, revokeTime(entry))) };
  });
}
