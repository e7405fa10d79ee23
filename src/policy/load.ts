import { ApplicationReader } from './application-reader.ts';
import { draftOf, listenMistakes, type PolicyDraft } from './complete.ts';
import { type PolicyDocument, readDocument } from './document.ts';
import { soundPart } from './given.ts';
import { includedFiles } from './include.ts';
import { type Mistake, PolicyError } from './mistakes.ts';
import { includeSchema, policySchema } from './schema.ts';
import type { RawDefaults } from './schema-applications.ts';
import { DEFAULT_MOUNT, ISSUER_NEEDS, VAULT_NEEDS } from './servers.ts';
import { PolicySources } from './sources.ts';

export type { PolicyDraft } from './complete.ts';
export { type Mistake, type Place, PolicyError } from './mistakes.ts';

/**
 * Reads a policy file and all that it includes. Contacts nothing and resolves no secret reference. Throws
 * `PolicyError` with every mistake there is, and nothing else. `now` (Unix ms) is where dates are looked for from.
 * `sources` learns what was read, however that ends.
 */
export async function readPolicy(
  file: string,
  env: NodeJS.ProcessEnv = process.env,
  now: number = Date.now(),
  sources: PolicySources = new PolicySources(file),
): Promise<PolicyDraft> {
  sources.begin();
  const main = await readMain(file, sources);
  main.judge(policySchema);
  checkServers(main);
  const reader = new ApplicationReader({
    main,
    now,
    issuers: issuerNames(main),
    mount: mountOf(main),
    defaults: defaultsOf(main),
  });
  reader.read(main);
  const others = await readIncluded(main, reader, sources);
  const mistakes = [...main.mistakes, ...others, ...listenMistakes(env)];
  if (mistakes.length > 0) throw new PolicyError(mistakes);
  const { applications, warnings } = reader;
  return draftOf({ file, main, applications, warnings, env });
}

async function readMain(file: string, sources: PolicySources): Promise<PolicyDocument> {
  const document = await readDocument(file, sources).catch((error: NodeJS.ErrnoException) => {
    throw new PolicyError([{ file, message: unreadable(error) }]);
  });
  if (document.content === undefined) throw new PolicyError(document.mistakes);
  return document;
}

function unreadable({ code }: NodeJS.ErrnoException): string {
  if (code !== 'ENOENT') return `the policy file cannot be read (${code}); check what it is and who may read it`;
  return 'there is no policy file here; say where yours is with --config or REKEYD_CONFIG. Two to start from come with rekeyd, in its own folder config: rekeyd.yaml, and sandbox.yaml, which runs as it is';
}

/** One after another, so that the memory for one large fleet's files is not needed at once. */
async function readIncluded(
  main: PolicyDocument,
  reader: ApplicationReader,
  sources: PolicySources,
): Promise<Mistake[]> {
  const mistakes: Mistake[] = [];
  for await (const document of includedFiles(main, reader.warnings, sources)) {
    if (document.content !== undefined) document.judge(includeSchema);
    reader.read(document);
    mistakes.push(...document.mistakes);
  }
  return mistakes;
}

function asMapping(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
}

function section(main: PolicyDocument, name: string): Record<string, unknown> | undefined {
  return asMapping(asMapping(main.content)?.[name]);
}

function issuerNames(main: PolicyDocument): string[] {
  return Object.keys(section(main, 'issuers') ?? {});
}

function mountOf(main: PolicyDocument): string {
  const mount = section(main, 'vault')?.['mount'];
  return typeof mount === 'string' ? mount : DEFAULT_MOUNT;
}

/** What is wrong in the defaults is as good as not there: it is reported itself. */
function defaultsOf(main: PolicyDocument): RawDefaults {
  return soundPart<RawDefaults>(section(main, 'defaults') ?? {}, (...keys) => main.isSound('defaults', ...keys));
}

/** Without a sandbox nothing may be left out. */
function checkServers(main: PolicyDocument): void {
  const content = asMapping(main.content);
  if (content === undefined || 'sandbox' in content) return;
  const vault = section(main, 'vault');
  if (vault) requireKeys(main, ['vault'], vault, VAULT_NEEDS);
  else if (!('vault' in content)) main.report(['vault'], 'is missing (where the secrets are kept: address and auth)');
  for (const [name, issuer] of Object.entries(section(main, 'issuers') ?? {})) {
    if (typeof issuer === 'object' && issuer !== null) requireKeys(main, ['issuers', name], issuer, ISSUER_NEEDS);
  }
}

function requireKeys(main: PolicyDocument, path: readonly string[], given: object, keys: readonly string[]): void {
  for (const key of keys) {
    if (!Object.hasOwn(given, key))
      main.report([...path, key], 'is missing; only a policy with sandbox may leave it out');
  }
}
