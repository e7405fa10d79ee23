import type { Parts } from '../parts.ts';
import { visible } from '../policy/visible.ts';
import type { CredentialList } from '../rotation/credential-list.ts';
import { PortError } from '../rotation/errors.ts';
import type { IssuedCredential } from '../rotation/ports.ts';
import { confirmed, declined } from './confirm.ts';
import type { NamedSite } from './inventory.ts';
import { CannotBegin, EXIT, type Terminal, UsageError } from './terminal.ts';

interface Wanted {
  /** The description. */
  readonly create: string;
  readonly yes: boolean;
  readonly json: boolean;
}

/**
 * Creates a credential by hand, as the control panel does, and prints it with its secret, once and nowhere else. It is
 * foreign to rekeyd from then on: never rotated, never revoked by itself.
 */
export async function createKey(parts: Parts, site: NamedSite, wanted: Wanted, terminal: Terminal): Promise<number> {
  const description = usable(wanted.create);
  const { issuer } = site;
  const list = await parts.lists.after(issuer.instance, parts.lists.mark());
  ensureRoom(list, site);
  if (!(await confirmed(questionOf(list, site, description), wanted, terminal))) return declined('created', terminal);
  const issued = await issuer.issue(description).catch((error: unknown) => {
    throw isUncertain(error) ? mayBeThere(error, site) : error;
  });
  terminal.write(wanted.json ? asJson(issued, site) : asText(issued, site));
  if (terminal.isInteractive)
    terminal.complain('The secret is shown this once: nobody can read it again. rekeyd never rotates or revokes it.\n');
  return EXIT.done;
}

/** The description that is asked for. Throws `UsageError` where the list would mislead people or rekeyd by it. */
function usable(create: string): string {
  const description = create.trim();
  if (description === '') throw new UsageError('--create needs a description: who will use it, and for what');
  if (/^rekeyd\s*:/i.test(description))
    throw new UsageError('--create: a description that begins with rekeyd: would look as if rekeyd had issued it');
  if (visible(description) !== description)
    throw new UsageError('--create: a description is one line without control characters');
  return description;
}

function ensureRoom(list: CredentialList, { name, issuer, quota }: NamedSite): void {
  if (list.size < quota) return;
  throw new CannotBegin(
    `${list.size} of ${quota} credentials of ${issuer.instance} are in use: nothing was created.\n` +
      `Revoke some that nobody uses (rekeyd keys ${name} shows them), or raise limits.credentials if the instance allows more.`,
  );
}

function questionOf(list: CredentialList, { name, issuer }: NamedSite, description: string): string {
  const same = [...list.all()].find((credential) => credential.description === description);
  const twin = same ? ` There is one with that description already: ${same.accessKeyId}.` : '';
  return `Create a credential on ${issuer.instance} (${name}) with the description ${JSON.stringify(description)}?${twin}`;
}

function isUncertain(error: unknown): error is PortError {
  return error instanceof PortError && error.kind === 'ambiguous';
}

/** Its secret is lost then, so it is of no use to anybody. */
function mayBeThere(error: PortError, { name }: NamedSite): CannotBegin {
  return new CannotBegin(
    `${error.message}\nIt may have been created all the same, and nobody has its secret: rekeyd keys ${name} shows it by its description; revoke it there.`,
  );
}

function asText(issued: IssuedCredential, { issuer, target }: NamedSite): string {
  const lines = [
    ['instance', issuer.instance],
    ['description', visible(issued.description)],
    ['credential id', issued.id],
    ['access key id', issued.accessKeyId],
    ['secret access key', issued.secretAccessKey.reveal()],
    ['endpoint', target.endpoint],
    ['region', target.region],
  ] as const;
  return lines.map(([name, value]) => `${name.padEnd(17)}  ${value}\n`).join('');
}

function asJson(issued: IssuedCredential, { name, issuer, target }: NamedSite): string {
  const created = {
    issuer: name,
    instance: issuer.instance,
    description: issued.description,
    credential_id: issued.id,
    access_key_id: issued.accessKeyId,
    secret_access_key: issued.secretAccessKey.reveal(),
    endpoint: target.endpoint,
    region: target.region,
  };
  return `${JSON.stringify(created, null, 2)}\n`;
}
