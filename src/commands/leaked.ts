import type { Parts } from '../parts.ts';
import { DURATION_HINT, formatDuration, parseDuration } from '../policy/duration.ts';
import type { ApplicationPolicy } from '../policy/policy.ts';
import { settle } from '../rotation/settle.ts';
import { revokeByRecord } from './by-record.ts';
import { confirmed, declined } from './confirm.ts';
import { revokeDirectly } from './direct.ts';
import type { HeldKey } from './holdings.ts';
import { siteNamed, takeInventory } from './inventory.ts';
import { problemsText } from './problems-text.ts';
import { withReplica } from './replica.ts';
import { type Ending, tellEnding, waited } from './revocation.ts';
import { CannotBegin, EXIT, type Terminal, UsageError } from './terminal.ts';
import { wrongsOf } from './wrongs.ts';

export interface LeakedOptions {
  readonly config: string;
  readonly accessKeyId: string;
  /** How long consumers get to read the new credential; asked for where it is missing. */
  readonly grace?: string;
  readonly yes: boolean;
}

/** A leaked credential, and whose it is. */
interface Leak {
  readonly key: HeldKey;
  readonly instance: string;
  readonly application: ApplicationPolicy;
  readonly graceMs: number;
  readonly parts: Parts;
}

/**
 * Replaces a leaked credential at once and has the old one revoked after a short grace: by way of its record, so that
 * every replica does it even if this process ends. Waits for it and reports. Exit code 1 where it lives on.
 */
export async function leakedCommand(options: LeakedOptions, terminal: Terminal): Promise<number> {
  const given = givenGrace(options, terminal);
  return withReplica(options.config, terminal, async (parts) => {
    const { key, instance, application } = await find(options.accessKeyId, parts, terminal);
    const graceMs = given ?? (await askedGrace(application, terminal));
    const leak: Leak = { key, instance, application, graceMs, parts };
    if (!(await confirmed(questionOf(leak), options, terminal))) return declined('done', terminal);
    const rotated = key.state === 'current' ? await replace(leak, terminal) : true;
    return rotated ? end(leak, terminal) : EXIT.failed;
  });
}

async function find(accessKeyId: string, parts: Parts, terminal: Terminal) {
  for (const name of parts.sites.keys()) {
    const { keys, site } = await takeInventory(parts, siteNamed(parts, name), terminal);
    const key = keys.find((one) => one.accessKeyId === accessKeyId);
    if (!key) continue;
    const application = parts.policy.applications.get(key.application ?? '');
    if (!application || key.state === 'foreign' || key.state === 'unclaimed' || key.state === 'unread')
      throw new CannotBegin(
        `${accessKeyId} on ${site.issuer.instance} (${name}) ${ELSEWHERE[key.state] ?? ELSEWHERE['foreign']} rekeyd revoke ${name} ${accessKeyId}`,
      );
    return { key, application, instance: site.issuer.instance };
  }
  throw new CannotBegin(`no instance of the policy has ${accessKeyId}: it was revoked already, or belongs elsewhere`);
}

const ELSEWHERE: Partial<Record<HeldKey['state'], string>> = {
  foreign: 'was not issued by this deployment, so there is nothing to rotate; once its users have another one:',
  unclaimed: 'was issued for what this policy does not have, so there is nothing to rotate; once nobody needs it:',
  unread:
    'belongs to an application whose record cannot be read now: rekeyd check says why; then ask again. Only if that cannot wait:',
};

/** The grace in ms; undefined where a person is to be asked. Throws `UsageError` before anything is contacted. */
function givenGrace({ grace }: LeakedOptions, { ask }: Terminal): number | undefined {
  if (grace !== undefined) return graceMsOf(grace);
  if (ask) return undefined;
  throw new UsageError(
    'say --grace, the time until the leaked key is revoked, as in --grace 5m: consumers may take as long as consumers.refresh of the policy says to read the new one',
  );
}

async function askedGrace({ name, consumers }: ApplicationPolicy, { ask }: Terminal): Promise<number> {
  const known = `consumers of ${name} may take ${formatDuration(consumers.refreshMs)} to read the new one (consumers.refresh)`;
  return graceMsOf((await ask?.(`Grace until the leaked key is revoked (0s: at once); ${known}: `)) ?? '');
}

/** Throws `UsageError` where it is no duration. */
function graceMsOf(text: string): number {
  const ms = parseDuration(text.trim());
  if (ms === undefined) throw new UsageError(`the grace ${JSON.stringify(text)} is no duration: ${DURATION_HINT}`);
  return ms;
}

function questionOf({ key, application, graceMs }: Leak): string {
  const { name, consumers } = application;
  const when = graceMs === 0 ? 'at once' : `${formatDuration(graceMs)} after that`;
  const first =
    key.state === 'current'
      ? `Rotate ${name} now and revoke ${key.accessKeyId} ${when}?`
      : `Revoke ${key.accessKeyId} of ${name} ${when}?`;
  const risk =
    graceMs < consumers.refreshMs
      ? ' Consumers that have not read the new credential by then lose access until they do.'
      : '';
  return `${first}${risk}`;
}

async function replace({ key, application, parts }: Leak, terminal: Terminal): Promise<boolean> {
  const request = { rotate: true, despite: [], leaked: true };
  const { last, did } = await settle(parts.rotator, application.name, parts.options.clock, request);
  if (!did.includes('rotated')) {
    terminal.write(
      problemsText(`${application.name} is not rotated, and ${key.accessKeyId} lives on`, wrongsOf(last), terminal),
    );
    return false;
  }
  terminal.write(
    `${application.name}: rotated to generation ${last.view?.generation} (${last.view?.current?.accessKeyId})\n`,
  );
  return true;
}

/** Shortens the grace in the record; what is adopted no replica revokes, so this process does when its grace is over. */
async function end(leak: Leak, terminal: Terminal): Promise<number> {
  const { key, instance, application, graceMs, parts } = leak;
  const [ending, afterwards] = key.adopted
    ? [await endDirectly(leak, terminal), 'it was adopted, so only a person does that: rekeyd revoke']
    : [
        await revokeByRecord({ key, instance, graceMs, application: application.name }, parts, terminal),
        'any replica that runs does it when its grace is over',
      ];
  return tellEnding(key.accessKeyId, ending, afterwards, terminal);
}

async function endDirectly({ key, instance, graceMs, parts }: Leak, terminal: Terminal): Promise<Ending> {
  if (!(await waited(graceMs, terminal))) return { is: 'stopped' };
  return revokeDirectly(key, instance, parts, terminal);
}
