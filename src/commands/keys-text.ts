import { formatDistance } from '../policy/duration.ts';
import type { Policy } from '../policy/policy.ts';
import { visible } from '../policy/visible.ts';
import { isoIfAny } from '../telemetry/snapshot.ts';
import { type Concern, concernsText } from './concerns.ts';
import { counted } from './count.ts';
import { type HeldKey, KEY_STATES, type KeyState } from './holdings.ts';
import type { Inventory, NamedSite } from './inventory.ts';
import { type Paint, paint, table } from './table.ts';
import type { Terminal } from './terminal.ts';
import { wrapped } from './wrap.ts';

const COLOURS: Readonly<Record<KeyState, Paint>> = {
  overdue: 'red',
  unread: 'red',
  stray: 'yellow',
  unclaimed: 'yellow',
  'still-live': 'yellow',
  'in-the-making': 'green',
  'in-grace': 'green',
  current: 'green',
  foreign: 'dim',
};

/** What a person should know and do about each, where there is anything to do. */
const REMEDIES: Readonly<Partial<Record<KeyState, (issuer: string) => string>>> = {
  overdue: (issuer) =>
    `Its grace is over and it still lives. Where something keeps it alive, rekeyd status says so; else this tries it now and says why it cannot: rekeyd revoke ${issuer} ACCESS_KEY_ID`,
  unread: () => 'The record of its application could not be read, so nothing more is known of it.',
  stray: () => 'No record has it. rekeyd takes it into the record once it is old enough, and revokes it after a grace.',
  unclaimed: (issuer) =>
    `rekeyd issued it for an application or a path that this policy does not have, and never touches it by itself. See that nobody uses it, then: rekeyd revoke ${issuer} ACCESS_KEY_ID`,
  'still-live': (issuer) =>
    `It was adopted, or is from beyond a restored backup, and others may use it. See that nobody does, then: rekeyd revoke ${issuer} ACCESS_KEY_ID`,
};

export function keysAsText(inventory: Inventory, policy: Policy, terminal: Terminal): string {
  const { keys, site } = inventory;
  return [
    `${wrapped(summaryOf(inventory), terminal.columns)}\n`,
    keys.length > 0 ? `\n${tableOf(inventory, terminal)}` : '',
    ...KEY_STATES.map((state) => remedyText(state, keys, site, terminal)),
    concernsText(unreadConcerns(inventory, policy), terminal),
  ].join('');
}

/** `sto1 (os-ab123): 12 of 200 credentials in use: 1 stray, 9 current, 2 foreign` */
function summaryOf({ keys, site }: Inventory): string {
  const { name, issuer, quota } = site;
  const used = Number.isFinite(quota)
    ? `${keys.length} of ${counted(quota, 'credential')}`
    : counted(keys.length, 'credential');
  const sums = KEY_STATES.flatMap((state) => {
    const count = keys.filter((key) => key.state === state).length;
    return count > 0 ? [`${count} ${state}`] : [];
  });
  return `${name} (${issuer.instance}): ${used} in use${sums.length > 0 ? `: ${sums.join(', ')}` : ''}`;
}

const HEAD = ['APPLICATION', 'GENERATION', 'STATE', 'UNTIL', 'AGE', 'ACCESS KEY ID', 'DESCRIPTION'];

function tableOf({ keys, now }: Inventory, terminal: Terminal): string {
  const rows = keys.map((key) => [
    whoseText(key),
    key.generation === undefined ? '-' : String(key.generation),
    paint(COLOURS[key.state], key.adopted ? `${key.state}, adopted` : key.state, terminal),
    untilText(key, now),
    key.createdAt === undefined ? '-' : formatDistance(now - key.createdAt),
    key.accessKeyId,
    descriptionText(key, terminal),
  ]);
  const leaveOut = ['AGE', 'GENERATION', 'UNTIL'];
  return table(HEAD, rows, terminal, { leaveOut, cut: ['DESCRIPTION', 'APPLICATION'], last: 'DESCRIPTION' });
}

/** On a terminal, where room is short, a marker says nothing that the other columns do not say. */
function descriptionText({ description, application, state }: HeldKey, terminal: Terminal): string {
  const isToldBeside = application !== undefined && state !== 'foreign';
  return Number.isFinite(terminal.columns) && isToldBeside ? 'rekeyd:…' : visible(description) || '-';
}

/** Another deployment's name stands before its application's. */
function whoseText({ application, owner, state }: HeldKey): string {
  if (application === undefined) return '-';
  return state === 'foreign' ? `${owner}/${application}` : application;
}

function untilText({ revokeAt }: HeldKey, now: number): string {
  if (revokeAt === undefined) return '-';
  if (revokeAt === null) return 'a person revokes it';
  return revokeAt > now ? `in ${formatDistance(revokeAt - now)}` : `${formatDistance(now - revokeAt)} ago`;
}

function remedyText(state: KeyState, keys: readonly HeldKey[], site: NamedSite, terminal: Terminal): string {
  const remedy = REMEDIES[state];
  const count = keys.filter((key) => key.state === state).length;
  if (!remedy || count === 0) return '';
  const words = wrapped(`  ${remedy(site.name)}`, terminal.columns, '  ');
  return `\n${paint(COLOURS[state], `${count} ${state}`, terminal)}\n${words}\n`;
}

function unreadConcerns({ outcomes }: Inventory, { applications }: Policy): readonly Concern[] {
  return outcomes.flatMap(({ application, view, trouble }): Concern[] => {
    const path = applications.get(application)?.path ?? application;
    return !view && trouble ? [{ application, path, problem: trouble, colour: 'red' }] : [];
  });
}

export function keysAsJson({ keys, site, outcomes }: Inventory): string {
  const { name, issuer, quota } = site;
  const inventory = {
    issuer: name,
    instance: issuer.instance,
    in_use: keys.length,
    quota: Number.isFinite(quota) ? quota : undefined,
    by_state: Object.fromEntries(KEY_STATES.map((state) => [state, keys.filter((key) => key.state === state).length])),
    credentials: keys.map((key) => keyAsJson(key, name)),
    unread: outcomes.flatMap(({ application, view, trouble }) =>
      view || !trouble ? [] : [{ application, code: trouble.code, reason: trouble.reason, remedy: trouble.remedy }],
    ),
  };
  return `${JSON.stringify(inventory, null, 2)}\n`;
}

function keyAsJson(key: HeldKey, issuer: string) {
  return {
    access_key_id: key.accessKeyId,
    credential_id: key.credentialId,
    state: key.state,
    owner: key.owner,
    application: key.application,
    generation: key.generation,
    adopted: key.adopted,
    revoke_at: key.revokeAt === null ? null : isoIfAny(key.revokeAt),
    created_at: isoIfAny(key.createdAt),
    description: key.description,
    remedy: REMEDIES[key.state]?.(issuer).replace('ACCESS_KEY_ID', key.accessKeyId),
  };
}
