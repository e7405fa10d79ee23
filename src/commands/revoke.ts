import type { Parts } from '../parts.ts';
import { revokeByRecord } from './by-record.ts';
import { confirmed, declined } from './confirm.ts';
import { revokeDirectly } from './direct.ts';
import type { HeldKey } from './holdings.ts';
import { type Inventory, siteNamed, takeInventory } from './inventory.ts';
import { withReplica } from './replica.ts';
import { tellEnding } from './revocation.ts';
import { CannotBegin, type Terminal } from './terminal.ts';

export interface RevokeOptions {
  readonly config: string;
  /** Name of the issuer in the policy. */
  readonly issuer: string;
  readonly accessKeyId: string;
  readonly yes: boolean;
}

/** A credential that was found, and what it takes to revoke it. */
interface Target {
  readonly key: HeldKey;
  readonly inventory: Inventory;
  readonly parts: Parts;
}

/**
 * Revokes one credential for good, once a person agrees: what stands in a record by way of that record, everything else
 * directly, if no secret of the policy holds it. A current credential is not revoked. Exit code 1 where it lives on.
 */
export function revokeCommand(options: RevokeOptions, terminal: Terminal): Promise<number> {
  return withReplica(options.config, terminal, async (parts) => {
    const inventory = await takeInventory(parts, siteNamed(parts, options.issuer), terminal);
    const key = find(options, inventory);
    const { question, carryOut } = wayTo(key);
    if (!(await confirmed(question(inventory), options, terminal))) return declined('revoked', terminal);
    return carryOut({ key, inventory, parts }, terminal);
  });
}

/** What an access key id names here. Throws `CannotBegin` where that is nothing, or nothing to revoke. */
function find({ accessKeyId, issuer }: RevokeOptions, { keys, site }: Inventory): HeldKey {
  const key = keys.find((one) => one.accessKeyId === accessKeyId);
  const { instance } = site.issuer;
  if (!key)
    throw new CannotBegin(`${instance} has no credential ${accessKeyId}; rekeyd keys ${issuer} shows what it has`);
  const against = OBSTACLES[key.state];
  if (against) throw new CannotBegin(`${accessKeyId} ${against(key)}`);
  return key;
}

const OBSTACLES: Partial<Record<HeldKey['state'], (key: HeldKey) => string>> = {
  current: ({ application, accessKeyId }) =>
    `is the current credential of ${application}: consumers use it. Rotate first (rekeyd rotate ${application}), or, where it leaked, rekeyd leaked ${accessKeyId}`,
  unread: ({ application }) =>
    `was issued for ${application}, whose record could not be read: it may be the current one. rekeyd check ${application} says why`,
};

interface Way {
  readonly question: (inventory: Inventory) => string;
  readonly carryOut: (target: Target, terminal: Terminal) => Promise<number>;
}

/** What is marked for an application goes by way of its record; what is nobody's, or may be somebody else's, directly. */
function wayTo(key: HeldKey): Way {
  const isOurs = key.state !== 'foreign' && key.state !== 'unclaimed' && !key.adopted;
  return isOurs
    ? { question: () => questionOf(key, `was issued for ${key.application}`), carryOut: byRecord }
    : { question: () => questionOf(key, whoseText(key)), carryOut: directly };
}

function whoseText({ state, application, owner, description }: HeldKey): string {
  if (state === 'foreign') return `was not issued by this deployment (${JSON.stringify(description)})`;
  if (state === 'unclaimed') return `was issued for ${owner}/${application}, which this policy does not have there`;
  return `was adopted by ${application} and may serve others too`;
}

function questionOf({ accessKeyId }: HeldKey, whose: string): string {
  return `${accessKeyId} ${whose}. Revoke it now, for good? Whoever still uses it loses access at once.`;
}

async function byRecord({ key, inventory, parts }: Target, terminal: Terminal): Promise<number> {
  const { application = '' } = key;
  const { instance } = inventory.site.issuer;
  const ending = await revokeByRecord({ key, instance, application, graceMs: 0 }, parts, terminal);
  return tellEnding(key.accessKeyId, ending, 'its grace is over, so any replica that runs revokes it', terminal);
}

async function directly({ key, inventory, parts }: Target, terminal: Terminal): Promise<number> {
  const ending = await revokeDirectly(key, inventory.site.issuer.instance, parts, terminal);
  return tellEnding(key.accessKeyId, ending, '', terminal);
}
