import type { Call, Data } from './calls.ts';
import type { Hand } from './explore.ts';
import { type Outside, put, recordAt, recordOf, type Version, withKey, wornAt } from './outside.ts';

/** What people do at three in the morning. */

type Locked = Version['locked'];

/** Somebody writes a new version in which something is different. */
export function writes(path: string, change: (data: Data) => Data | null, locked?: Locked): (o: Outside) => Outside {
  return (outside) => put(outside, path, change(outside.secrets[path]?.data ?? {}), locked);
}

/** Somebody changes the record by hand. */
export function editsRecord(path: string, change: Data, locked?: Locked): (o: Outside) => Outside {
  return writes(path, (data) => ({ ...data, rekeyd: JSON.stringify({ ...recordIn(data), ...change }) }), locked);
}

function recordIn(data: Data): Data {
  return JSON.parse(String(data['rekeyd'])) as Data;
}

/** A revocation that is already on its way cannot be stopped by anybody. */
function nothingUnderway(waiting: readonly Call[], outside: Outside): boolean {
  return [...waiting, ...outside.flights.map(({ call }) => call)].every(({ op }) => op !== 'revoke');
}

/**
 * A publish that was on its way for long tells so by its version. Who writes over that before the old key's grace is
 * over takes the only trace away: docs/RELIABILITY.md has it under what is not promised.
 */
function arrivedLate(version: Version | undefined): boolean {
  const written = version?.data ? recordOf(version.data)?.written : undefined;
  return written?.version === version?.version && (version?.createdAt ?? 0) > Date.parse(written?.at ?? '');
}

/** `vault kv rollback` to what stood there before. */
export function rollsBack(path: string): Hand {
  return {
    name: 'somebody rolls the secret back',
    act: (outside, waiting) => {
      const data = outside.before[path]?.data;
      const id = data?.['access_key_id'];
      const lives = outside.keys.some((key) => key.live && key.accessKeyId === id);
      if (!data || !lives || !nothingUnderway(waiting, outside)) return undefined;
      if (arrivedLate(outside.before[path])) return undefined;
      return put(outside, path, data);
    },
  };
}

/** The old key is put into a field of somebody's own. */
export function pastesOldKey(path: string): Hand {
  return {
    name: 'somebody pastes the old key into a field',
    act: (outside, waiting) => {
      const id = outside.before[path]?.data?.['access_key_id'];
      const old = outside.keys.find((key) => key.live && key.accessKeyId === id);
      if (!old || old === wornAt(outside, path) || !nothingUnderway(waiting, outside)) return undefined;
      if (arrivedLate(outside.secrets[path])) return undefined;
      return writes(path, (data) => ({ ...data, pasted: old.accessKeyId }))(outside);
    },
  };
}

/** Somebody revokes the current key in the control panel. */
export function revokesCurrent(path: string): Hand {
  return {
    name: 'somebody revokes the current key in the control panel',
    act: (outside) => {
      const worn = wornAt(outside, path);
      return worn?.live ? withKey(outside, { ...worn, live: false, endedBy: 'hand' }) : undefined;
    },
  };
}

export function deletes(path: string): Hand {
  return {
    name: 'somebody deletes the secret',
    act: (outside) => (outside.secrets[path]?.data ? put(outside, path, null, 'all') : undefined),
  };
}

/** Another program keeps a field of its own in the same secret. */
export function writesForeignField(path: string): Hand {
  return {
    name: 'another program writes a field of its own',
    act: (outside) => {
      if (!recordAt(outside, path) || arrivedLate(outside.secrets[path])) return undefined;
      return writes(path, (data) => ({ ...data, theirs: 'x' }))(outside);
    },
  };
}

/** The issuer's list is short for a while. */
export const LIST_SHORTENS: Hand = {
  name: "the issuer's list lacks what Vault holds",
  act: (outside) => ({ ...outside, shortList: true }),
};

export const LIST_IS_WHOLE: Hand = {
  name: "the issuer's list is whole again",
  act: (outside) => (outside.shortList ? { ...outside, shortList: false } : undefined),
};
