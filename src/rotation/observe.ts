import type { ApplicationPolicy } from '../policy/policy.ts';
import type { CredentialList } from './credential-list.ts';
import { problemOf } from './errors.ts';
import { pairIn } from './mapping.ts';
import type { Bearer } from './marker.ts';
import type { StoredSecret } from './ports.ts';
import { digestOf, type RecordReading, type RotationRecord, readRecord } from './record.ts';
import { siteOf, type World } from './world.ts';

/** What stood in the store at one moment. */
export interface Reading {
  readonly application: ApplicationPolicy;
  readonly bearer: Bearer;
  /** The instance where the application's credentials are issued. */
  readonly instance: string;
  readonly stored: StoredSecret;
  readonly record: RecordReading;
  /** When it was read, in the order of reads and lists. A list asked for later may be used with it. */
  readonly mark: number;
  /** Unix ms by our clock. */
  readonly readAt: number;
}

/**
 * How the record's credential stands at its instance.
 * - `none`: no record, or a retired one.
 * - `listed`: the list shows it.
 * - `gone`: the list lacks it **and** S3 refuses it as unknown.
 * - `unlisted`: the list lacks it but S3 accepts it: the list is not to be trusted.
 * - `uncertain`: the list lacks it and S3's answer decides nothing, or the list could not be had.
 */
export type CurrentStanding =
  | { readonly is: 'none' | 'listed' | 'gone' | 'unlisted' }
  | { readonly is: 'uncertain'; readonly detail: string };

/** A reading with what the issuer shows of it. */
export interface Observation extends Reading {
  /** By instance: the application's own, and others of the policy where something of it lives or may live. */
  readonly lists: ReadonlyMap<string, CredentialList>;
  readonly list: CredentialList;
  readonly current: CurrentStanding;
}

/** `anew`: nothing from memory, as right before acting. Throws `PortError`. */
export async function read(application: ApplicationPolicy, world: World, anew: boolean): Promise<Reading> {
  const place = await world.store.place(application.path, anew);
  const stored = await world.store.read(application.path);
  return {
    application,
    bearer: { owner: world.owner, application: application.name, place },
    instance: siteOf(world, application).issuer.instance,
    stored,
    record: stored.state === 'present' ? readRecord(stored.data.reveal()) : { state: 'none' },
    mark: world.lists.mark(),
    readAt: world.clock.now(),
  };
}

/**
 * Adds what the issuer shows. `mark`: an earlier reading of the same version may lend its own, so that a list asked
 * for since then serves. Throws `PortError` when the application's own instance cannot be listed.
 */
export async function observe(reading: Reading, world: World, mark = reading.mark): Promise<Observation> {
  const list = await world.lists.after(reading.instance, mark);
  const lists = new Map([[reading.instance, list]]);
  for (const instance of otherInstances(reading, world)) {
    const other = await world.lists.after(instance, mark).catch(() => undefined);
    if (other) lists.set(instance, other);
  }
  return { ...reading, list, lists, current: await standing(reading, lists, world) };
}

/** Those that the record names, and those where something was issued for this place that no record may name. */
function otherInstances(reading: Reading, { lists }: World): ReadonlySet<string> {
  const others = [...namedBy(reading.record), ...lists.showing(reading.bearer)];
  return new Set(others.filter((instance) => instance !== reading.instance && lists.knows(instance)));
}

function namedBy(reading: RecordReading): readonly string[] {
  if (reading.state !== 'record') return [];
  const { credential, superseded } = reading.record;
  return [...superseded, ...(credential ? [credential] : [])].map((entry) => entry.instance);
}

async function standing(
  reading: Reading,
  lists: ReadonlyMap<string, CredentialList>,
  world: World,
): Promise<CurrentStanding> {
  const record = reading.record.state === 'record' ? reading.record.record : undefined;
  if (!record?.credential) return { is: 'none' };
  const list = lists.get(record.credential.instance);
  if (!list) return { is: 'uncertain', detail: `the instance ${record.credential.instance} could not be listed` };
  if (list.byId(record.credential.id)) return { is: 'listed' };
  return tryMissing(reading, record, world);
}

/** The list lacks the current credential: only S3 can tell whether it is really gone. */
async function tryMissing(reading: Reading, record: RotationRecord, world: World): Promise<CurrentStanding> {
  if (reading.stored.state !== 'present') return { is: 'none' };
  const pair = pairIn(reading.stored.data, record.fields);
  const untouched = digestOf(reading.stored.data.reveal(), Object.keys(record.fields)) === record.digest;
  if (!pair || !untouched) return { is: 'uncertain', detail: 'the secret was edited, so it proves nothing' };
  try {
    const verdict = await world.verifier.probe(pair, { endpoint: record.endpoint, region: record.region }, []);
    if (verdict.accepted) return { is: 'unlisted' };
    return verdict.why === 'unknown-key' ? { is: 'gone' } : { is: 'uncertain', detail: `S3 says ${verdict.detail}` };
  } catch (error) {
    return { is: 'uncertain', detail: problemOf(error).reason };
  }
}
