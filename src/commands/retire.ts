import type { Parts } from '../parts.ts';
import { RECORD_FIELD } from '../policy/fields.ts';
import type { ApplicationPolicy } from '../policy/policy.ts';
import type { Outcome } from '../rotation/outcome.ts';
import type { SecretData } from '../rotation/ports.ts';
import { iso, readRecord } from '../rotation/record.ts';
import { confirmed, declined } from './confirm.ts';
import { problemsText } from './problems-text.ts';
import { chosenApplications } from './ready-policy.ts';
import { withReplica } from './replica.ts';
import { EXIT, type Terminal } from './terminal.ts';

export interface RetireOptions {
  readonly config: string;
  readonly application: string;
  /** Whether the secret goes too, once nothing of it lives any more. */
  readonly deleteSecret: boolean;
  readonly yes: boolean;
}

/**
 * Takes an application out of service: its fields leave the secret, and what was issued for it is revoked after its
 * grace. With `deleteSecret` the secret is deleted once that has come about. Exit code 1 where it has not.
 */
export function retireCommand(options: RetireOptions, terminal: Terminal): Promise<number> {
  return withReplica(options.config, terminal, async (parts) => {
    chosenApplications(parts.policy, [options.application]);
    const { outcome } = await parts.rotator.examine(options.application);
    if (!isRetired(outcome)) {
      const question = questionOf(options.application, outcome);
      if (!(await confirmed(question, options, terminal))) return declined('done', terminal);
    }
    return retire(options, parts, terminal);
  });
}

async function retire(options: RetireOptions, parts: Parts, terminal: Terminal): Promise<number> {
  const { application } = options;
  const { outcome, stands } = await parts.rotator.amend(application, { amend: 'retire' });
  if (!stands) {
    terminal.write(problemsText(`${application} is not retired`, outcome.trouble ? [outcome.trouble] : [], terminal));
    return EXIT.failed;
  }
  terminal.write(`${application}: retired; ${leftText(outcome)}\n`);
  return options.deleteSecret ? deleteSecret(options, outcome, parts, terminal) : EXIT.done;
}

function isRetired({ trouble }: Outcome): boolean {
  return trouble?.code === 'retired';
}

function questionOf(application: string, { view }: Outcome): string {
  const key = view?.current ? ` Its key ${view.current.accessKeyId} works until its grace is over.` : '';
  return `Take ${application} out of service? Its fields leave ${view?.path ?? 'the secret'} at once, so that nobody can read them any more.${key}`;
}

/** What still lives, and what it needs to end: an application that the policy does not name is not looked after. */
function leftText({ view }: Outcome): string {
  const left = view?.superseded ?? [];
  const strays = view?.strays ?? 0;
  if (left.length === 0 && strays === 0) return 'nothing that was issued for it lives: take it out of the policy';
  const keys = left.map(({ accessKeyId, revokeAt }) =>
    revokeAt === null ? `${accessKeyId} until a person revokes it` : `${accessKeyId} until ${iso(revokeAt)}`,
  );
  const young = strays === 0 ? [] : ['strays that are not old enough yet'];
  return `leave it in the policy until these are revoked: ${[...keys, ...young].join(', ')}`;
}

async function deleteSecret(
  { application, yes }: RetireOptions,
  { view }: Outcome,
  { policy, vault, lists }: Parts,
  terminal: Terminal,
): Promise<number> {
  if ((view?.superseded.length ?? 0) > 0 || (view?.strays ?? 0) > 0) {
    terminal.write(`${application}: its secret stays until those are revoked, since it names them; ask again then\n`);
    return EXIT.failed;
  }
  const { path } = policy.applications.get(application) as ApplicationPolicy;
  const stored = await vault.read(path);
  if (stored.state !== 'present') {
    terminal.write(`${application}: nothing stands at ${path} any more\n`);
    return EXIT.done;
  }
  if (!(await isDone(stored.data.reveal(), lists))) {
    terminal.write(`${application}: its secret was changed meanwhile and stays; ask again\n`);
    return EXIT.failed;
  }
  const others = Object.keys(stored.data.reveal()).filter((name) => name !== RECORD_FIELD);
  const besides = others.length > 0 ? ` With it go fields that are not rekeyd's: ${others.join(', ')}.` : '';
  if (!(await confirmed(`Delete the secret at ${path}?${besides}`, { yes }, terminal)))
    return declined('done', terminal);
  await vault.delete(path, stored.version);
  terminal.write(
    `${application}: version ${stored.version} of ${path} is deleted (vault kv undelete brings it back)\n`,
  );
  return EXIT.done;
}

/** Whether exactly what is about to be deleted is a retired record of which nothing lives: somebody may write meanwhile. */
async function isDone(data: SecretData, lists: Parts['lists']): Promise<boolean> {
  const reading = readRecord(data);
  if (reading.state !== 'record' || reading.record.credential !== null) return false;
  for (const { instance, id } of reading.record.superseded) {
    const list = await lists.after(instance, lists.mark());
    if (list.byId(id)) return false;
  }
  return true;
}
