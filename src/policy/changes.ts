import { isDeepStrictEqual } from 'node:util';
import type { Policy } from './policy.ts';

/** What is different between two policies, by names, in order. */
export interface PolicyChanges {
  readonly applications: NamedChanges;
  readonly issuers: NamedChanges;
  /** The other parts of the policy file that differ: `vault`, `scheduler`, `http`, `log`, `webhooks`. */
  readonly sections: readonly string[];
}

export interface NamedChanges {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly string[];
}

/** Changes of these need no word of their own: they say themselves in what they change. */
const SECTIONS = ['vault', 'scheduler', 'http', 'log', 'webhooks', 'sandbox'] as const;

export function changesBetween(before: Policy, after: Policy): PolicyChanges {
  return {
    applications: namedChanges(before.applications, after.applications),
    issuers: namedChanges(before.issuers, after.issuers),
    sections: SECTIONS.filter((section) => !isDeepStrictEqual(before[section], after[section])),
  };
}

export function isUnchanged({ applications, issuers, sections }: PolicyChanges): boolean {
  const named = [...Object.values(applications), ...Object.values(issuers)];
  return sections.length === 0 && named.every(({ length }) => length === 0);
}

/** The applications that the later policy leaves just as they were, what they lean on included. */
export function untouched(before: Policy, after: Policy): readonly string[] {
  if (!isDeepStrictEqual(before.vault, after.vault)) return [];
  const { applications, issuers } = changesBetween(before, after);
  const touched = new Set([...applications.added, ...applications.changed]);
  const changedIssuers = new Set([...issuers.added, ...issuers.changed]);
  return [...after.applications.values()]
    .filter(({ name, issuer }) => !touched.has(name) && !changedIssuers.has(issuer))
    .map(({ name }) => name);
}

/** `applications: 2 added (a, b), 1 removed (c); vault changed` */
export function changesText({ applications, issuers, sections }: PolicyChanges): string {
  const parts = [
    ...namedText('applications', applications),
    ...namedText('issuers', issuers),
    ...(sections.length > 0 ? [`${sections.join(', ')} changed`] : []),
  ];
  return parts.join('; ') || 'nothing that matters';
}

function namedText(what: string, changes: NamedChanges): string[] {
  const texts = (['added', 'removed', 'changed'] as const)
    .filter((kind) => changes[kind].length > 0)
    .map((kind) => `${changes[kind].length} ${kind} (${someOf(changes[kind])})`);
  return texts.length > 0 ? [`${what}: ${texts.join(', ')}`] : [];
}

/** Names that are told one by one; of more only so many. */
const NAMED = 5;

function someOf(names: readonly string[]): string {
  const rest = names.length - NAMED;
  return names.slice(0, NAMED).join(', ') + (rest > 0 ? ` and ${rest} more` : '');
}

function namedChanges<T>(before: ReadonlyMap<string, T>, after: ReadonlyMap<string, T>): NamedChanges {
  return {
    added: [...after.keys()].filter((name) => !before.has(name)),
    removed: [...before.keys()].filter((name) => !after.has(name)),
    changed: [...after].filter(([name, one]) => differs(before.get(name), one)).map(([name]) => name),
  };
}

function differs<T>(before: T | undefined, after: T): boolean {
  return before !== undefined && !isDeepStrictEqual(before, after);
}

/** Why a policy cannot take the place of the one that a process was started with; empty: it can. */
export function notReloadable(started: Policy, next: Policy): readonly string[] {
  const owner = `owner: it was ${JSON.stringify(started.owner)} when rekeyd was started and is ${JSON.stringify(next.owner)} now; with another owner every credential issued so far is somebody else's. Restart rekeyd if you mean it, or put the owner back`;
  const sandbox =
    'sandbox: a policy with it cannot take the place of one without, nor the other way round; restart rekeyd for that';
  return [
    ...(started.owner === next.owner ? [] : [owner]),
    ...(isSandboxed(started) === isSandboxed(next) ? [] : [sandbox]),
  ];
}

function isSandboxed({ sandbox }: Policy): boolean {
  return sandbox !== undefined;
}

/** What of a policy in force waits for a restart, in words, each with the way out. */
export function waitsForRestart(started: Policy, { http, sandbox }: Policy): readonly string[] {
  const { listen } = started.http;
  const isElsewhere = !isDeepStrictEqual(listen, http.listen);
  const isGuarded = started.http.token !== undefined;
  return [
    ...(isElsewhere
      ? [`http.listen: rekeyd goes on listening at ${listen.host}:${listen.port} until it is restarted`]
      : []),
    ...(isGuarded && !http.token ? ['http.token: it is still asked for, and accepted, until rekeyd is restarted'] : []),
    ...(!isGuarded && http.token ? ['http.token: it is not accepted until rekeyd is restarted'] : []),
    ...(isDeepStrictEqual(started.sandbox, sandbox) ? [] : ['sandbox: it goes on as it is until rekeyd is restarted']),
  ];
}
