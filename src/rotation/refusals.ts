import { Secret } from '../policy/secret.ts';
import { isAdoptedByName, notAdoptable, renameHint } from './adoption.ts';
import { MAX_LIVE_URGENT } from './conditions.ts';
import type { Problem } from './errors.ts';
import { fieldsToWrite, pairIn, renderFields } from './mapping.ts';
import { digestOf, type RotationRecord } from './record.ts';
import { livingEntries } from './revocation.ts';
import type { OwnCredential, Situation } from './situation.ts';

/**
 * A reason to touch nothing. `test` returns the reason in words where the refusal applies.
 * `stops`: `all`: nothing at the path or the issuer is touched; `issue`: strays and revocations still take their course.
 */
interface Refusal {
  readonly code: string;
  readonly stops: 'all' | 'issue';
  /** Whether a person can lift it with `rekeyd rotate APP --despite CODE`. */
  readonly liftable: boolean;
  readonly test: (s: Situation) => string | undefined;
  readonly remedy: (s: Situation) => string;
}

/** The command that lifts everything that stands in the way: lifting one alone would only show the next. */
function lifting(s: Situation): string {
  const codes = REFUSALS.filter((refusal) => refusal.liftable && refusal.test(s) !== undefined).map(({ code }) => code);
  return `rekeyd rotate ${s.application.name} ${codes.map((code) => `--despite ${code}`).join(' ')}`;
}

/** In the order in which they are looked at; the first that applies is shown. */
export const REFUSALS: readonly Refusal[] = [
  {
    code: 'record-unreadable',
    stops: 'all',
    liftable: false,
    test: ({ observation: { record } }) =>
      record.state === 'unreadable' ? `the field rekeyd cannot be read: ${record.why}` : undefined,
    remedy: (s) =>
      `Upgrade rekeyd if a newer one wrote it; otherwise bring an earlier version of ${s.application.path} back ` +
      '(vault kv rollback).',
  },
  {
    code: 'unmanaged',
    stops: 'all',
    liftable: true,
    test: unmanaged,
    remedy: (s) => `${overwrittenHint(s)}${takeoverHint(s)}To write over it with a new credential: ${lifting(s)}.`,
  },
  {
    code: 'edited',
    stops: 'all',
    liftable: true,
    test: edited,
    remedy: (s) => `Put the values back (vault kv rollback), or publish a new credential over the edit: ${lifting(s)}.`,
  },
  {
    code: 'deleted',
    stops: 'all',
    liftable: true,
    test: ({ observation: { stored } }) =>
      stored.state === 'deleted' ? `the newest version (${stored.version}) was deleted or destroyed` : undefined,
    remedy: (s) =>
      'Bring it back (vault kv undelete, or vault kv rollback to an earlier version where it was destroyed), take the ' +
      `application out of the policy, or issue anew: ${lifting(s)}.`,
  },
  {
    code: 'not-ours',
    stops: 'all',
    liftable: true,
    test: notOurs,
    remedy: (s) =>
      `${renameHint(s)}If the path is wrong, correct it. To put a credential of this application there: ${lifting(s)}.`,
  },
  {
    code: 'copied',
    stops: 'all',
    liftable: true,
    test: ({ record, bearer }) =>
      record && record.place !== bearer.place
        ? `the record was written for another place (${record.place}, here is ${bearer.place}): copied or moved`
        : undefined,
    remedy: (s) =>
      `If the secret was moved here for good, give it a credential of its own: ${lifting(s)}. ` +
      'The credential it was copied with stays alive for whoever still uses it.',
  },
  {
    code: 'instance-changed',
    stops: 'all',
    liftable: true,
    test: ({ record, observation: { instance } }) =>
      record?.credential && record.credential.instance !== instance
        ? `the record's credential lives on ${record.credential.instance}, the issuer's instance is ${instance}`
        : undefined,
    remedy: (s) =>
      `Correct the instance in the policy, or move the application over: ${lifting(s)}. ` +
      'Keep an issuer with the old instance in the policy so that the old credential can be revoked.',
  },
  {
    code: 'behind',
    stops: 'all',
    liftable: true,
    test: behind,
    remedy: (s) =>
      'Vault was restored or cloned: newer credentials than the record knows are alive. See who uses them; to go on ' +
      `from here with a new one: ${lifting(s)}. The newer ones stay alive until you revoke them.`,
  },
  {
    code: 'not-adoptable',
    stops: 'all',
    liftable: true,
    test: notAdoptable,
    remedy: (s) =>
      `Correct path, fields or issuer of ${s.application.name}, or set adopt: false. ` +
      `To start with a new credential instead: ${lifting(s)}.`,
  },
  {
    code: 'strays-full',
    stops: 'all',
    liftable: true,
    test: ({ record, own, application, observation }) =>
      !record && own.length >= (observation.stored.state === 'expired' ? MAX_LIVE_URGENT : STRAYS_WITHOUT_RECORD)
        ? `${own.length} credentials were issued for ${application.path} and none was published`
        : undefined,
    remedy: (s) =>
      `Find out why nothing can be published (rekeyd check). Then issue one more, which takes the others into its ` +
      `record: ${lifting(s)}.`,
  },
  {
    code: 'retired',
    stops: 'issue',
    liftable: true,
    test: ({ record }) =>
      record && record.credential === null ? 'the application was taken out of service (retired)' : undefined,
    remedy: (s) => `${leavingHint(s)} To put it back into service: ${lifting(s)}.`,
  },
];

/** What the policy does not name nobody looks after: what still lives of it would live for ever. */
function leavingHint(s: Situation): string {
  const left = [...livingEntries(s).map((entry) => entry.access_key_id), ...s.strays.map((stray) => stray.accessKeyId)];
  if (left.length === 0) return 'Nothing that was issued for it lives: take it out of the policy.';
  return `Leave it in the policy until ${left.join(', ')} ${left.length > 1 ? 'are' : 'is'} revoked, then take it out.`;
}

/** So many unpublished credentials at a path without a record, and no more; where a secret expired, consumers wait. */
const STRAYS_WITHOUT_RECORD = 4;

export function refusalOf(s: Situation, stops: Refusal['stops']): Problem | undefined {
  for (const refusal of REFUSALS) {
    if (refusal.stops !== stops || isLifted(s, refusal)) continue;
    const reason = refusal.test(s);
    if (reason !== undefined) return { code: refusal.code, reason, remedy: refusal.remedy(s) };
  }
  return undefined;
}

/** Whether a person lifted a refusal that really applies: then the way out is a new credential, at once. */
export function liftsRefusal(s: Situation): boolean {
  return REFUSALS.some((refusal) => isLifted(s, refusal) && refusal.test(s) !== undefined);
}

/** A person named refusals, and none of them stands here: then something else was meant. */
export function nothingToLift(s: Situation): Problem | undefined {
  const despite = s.request?.despite ?? [];
  if (despite.length === 0 || liftsRefusal(s)) return undefined;
  return {
    code: 'nothing-to-lift',
    reason: `${s.application.name} is not refused as ${despite.join(' or ')}`,
    remedy: `rekeyd status ${s.application.name} shows how it stands; rekeyd rotate without --despite rotates it.`,
  };
}

function isLifted(s: Situation, refusal: Refusal): boolean {
  return refusal.liftable && (s.request?.despite.includes(refusal.code) ?? false);
}

/** Fields that the policy maps stand there, and no record says that we wrote them. */
function unmanaged(s: Situation): string | undefined {
  if (s.observation.record.state === 'unreadable') return undefined;
  const taken = s.record ? takenBeside(s, s.record) : targetFields(s);
  if (taken.length === 0 || (!s.record && s.application.adopt === true)) return undefined;
  return `${taken.join(', ')} at ${s.application.path} ${taken.length > 1 ? 'were' : 'was'} not written by rekeyd`;
}

/** Somebody's `vault kv put` takes the record away too; what was issued for this place tells that there was one. */
function overwrittenHint({ record, own }: Situation): string {
  return !record && own.length > 0 ? "If rekeyd's secret was overwritten, bring it back (vault kv rollback). " : '';
}

/** Adoption takes a whole secret over; a single field beside ours it cannot. */
function takeoverHint({ record, application }: Situation): string {
  return record
    ? 'Use other field names in the policy, or take these fields out of the secret. '
    : `Use another path or other field names or, to take the secret over, set adopt: true for ${application.name}. `;
}

function targetFields(s: Situation): readonly string[] {
  return Object.keys(fieldsToWrite(s.application.fields, {})).filter((name) => Object.hasOwn(s.data, name));
}

/** Somebody else's fields that a changed mapping would overwrite with something else. */
function takenBeside(s: Situation, record: RotationRecord): readonly string[] {
  // a retired record maps nothing: whatever stands in our fields now was put there by somebody
  if (record.credential === null) return targetFields(s).filter((name) => !Object.hasOwn(record.fields, name));
  const pair = pairIn(new Secret(s.data), record.fields);
  if (!pair) return [];
  const wanted = renderFields(fieldsToWrite(s.application.fields, {}), pair, s.target).reveal();
  return targetFields(s).filter((name) => !Object.hasOwn(record.fields, name) && s.data[name] !== wanted[name]);
}

/** The fields are judged by the record's own templates: the policy may have changed since. */
function edited(s: Situation): string | undefined {
  if (!s.record || s.record.credential === null) return undefined;
  const { fields, digest, credential, endpoint, region } = s.record;
  const pair = pairIn(new Secret(s.data), fields);
  if (!pair) return 'the access key or its secret is missing from the secret';
  const expected = renderFields(
    fields,
    { ...pair, accessKeyId: credential.access_key_id },
    { endpoint, region },
  ).reveal();
  const changed = Object.keys(fields).filter((name) => s.data[name] !== expected[name]);
  if (changed.length > 0)
    return `${changed.join(', ')} ${changed.length > 1 ? 'differ' : 'differs'} from what rekeyd wrote`;
  return digestOf(s.data, Object.keys(fields)) === digest
    ? undefined
    : 'the secret access key differs from what rekeyd wrote';
}

function notOurs(s: Situation): string | undefined {
  const { record, bearer, application } = s;
  if (!record || (record.owner === bearer.owner && record.application === bearer.application)) return undefined;
  if (isAdoptedByName(s, record)) return undefined;
  return `${application.path} belongs to ${record.owner}/${record.application}`;
}

function behind(s: Situation): string | undefined {
  if (!s.record || s.observation.current.is === 'gone') return undefined;
  const beyond = strayBeyond(s, s.record);
  if (!beyond) return undefined;
  return `generation ${beyond.marker.generation} is alive (${beyond.accessKeyId}), the record says ${s.record.generation}`;
}

/** A credential that only a newer record than this one can have led to. */
export function strayBeyond(s: Situation, record: RotationRecord): OwnCredential | undefined {
  return s.strays.find((stray) => stray.marker.generation > record.generation + 1);
}
