import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { Servers } from './servers.ts';

/** One issuer of a policy: its servers and what it lets through. */
export interface IssuerSpec {
  readonly servers: Servers;
  /** The instance; `addInstances` of its servers makes it. */
  readonly instance: string;
  readonly concurrency?: number;
  readonly perSecond?: number;
}

/** What a bench's policy says; Vault is that of the first issuer's servers. */
export interface PolicySpec {
  /** Where its files go; made anew. */
  readonly dir: string;
  readonly issuers: Readonly<Record<string, IssuerSpec>>;
  /** How many applications: named `a000000` onward, dealt to the issuers in turn. */
  readonly applications: number;
  /** In included files of so many each; all in the policy file when missing. */
  readonly perFile?: number;
  /** The folder of their paths in Vault; `apps` when missing. */
  readonly folder?: string;
  readonly rotate?: Readonly<Record<string, string>>;
  readonly grace?: string;
  readonly scheduler?: Readonly<Record<string, string>>;
  /** Beside all that, top-level members of the policy file. */
  readonly more?: Readonly<Record<string, unknown>>;
}

/** Where a policy is, and what a process needs in its environment to run on it. */
export interface WrittenPolicy {
  readonly file: string;
  readonly env: Readonly<Record<string, string>>;
  /** The applications' names, in the policy's order. */
  readonly names: readonly string[];
}

/** Writes a policy, and makes its issuers' instances. */
export async function writePolicy(spec: PolicySpec): Promise<WrittenPolicy> {
  await mkdir(spec.dir, { recursive: true });
  const issuers = Object.entries(spec.issuers);
  for (const [, { servers, instance }] of issuers) await servers.ask('addInstances', [instance]);
  const names = Array.from({ length: spec.applications }, (_, index) => applicationName(index));
  const files = spec.perFile === undefined ? [] : await writeIncluded(spec, names, spec.perFile);
  const own = spec.perFile === undefined ? { applications: applicationsOf(spec, names, 0) } : { include: files };
  const file = join(spec.dir, 'rekeyd.yaml');
  await writeFile(file, stringify({ ...headOf(spec), ...own }));
  return { file, env: envOf(issuers), names };
}

export function applicationName(index: number): string {
  return `a${String(index).padStart(6, '0')}`;
}

function headOf(spec: PolicySpec): Record<string, unknown> {
  const issuers = Object.entries(spec.issuers);
  const vault = issuers[0]?.[1].servers.at.vault;
  return {
    owner: 'bench',
    issuers: Object.fromEntries(issuers.map(([name, issuer], index) => [name, issuerOf(issuer, index)])),
    vault: {
      address: vault,
      auth: { method: 'approle', role_id: { env: 'BENCH_ROLE_ID' }, secret_id: { env: 'BENCH_SECRET_ID' } },
    },
    defaults: {
      rotate: spec.rotate ?? { every: '30d' },
      grace: spec.grace ?? '24h',
      verify: { timeout: '60s', successes: 2 },
    },
    scheduler: spec.scheduler ?? { spread: '0s' },
    http: { listen: '127.0.0.1:0' },
    ...spec.more,
  };
}

function issuerOf({ servers, instance, concurrency = 4, perSecond = 5 }: IssuerSpec, index: number): object {
  return {
    type: 'glesys',
    project: servers.at.project,
    api_key: { env: `BENCH_API_KEY_${index}` },
    instance,
    api: servers.at.glesys,
    endpoint: servers.at.s3,
    region: 'dc-sto1',
    limits: { concurrency, per_second: perSecond },
  };
}

function applicationsOf(spec: PolicySpec, names: readonly string[], from: number): Record<string, object> {
  const issuers = Object.keys(spec.issuers);
  return Object.fromEntries(
    names.map((name, index) => [
      name,
      { issuer: issuers[(from + index) % issuers.length] ?? '', path: `${spec.folder ?? 'apps'}/${name}/s3` },
    ]),
  );
}

async function writeIncluded(spec: PolicySpec, names: readonly string[], perFile: number): Promise<string[]> {
  const files: string[] = [];
  for (let from = 0; from < names.length; from += perFile) {
    const file = `apps-${String(from).padStart(6, '0')}.yaml`;
    const applications = applicationsOf(spec, names.slice(from, from + perFile), from);
    await writeFile(join(spec.dir, file), stringify({ applications }));
    files.push(file);
  }
  return files;
}

function envOf(issuers: readonly (readonly [string, IssuerSpec])[]): Record<string, string> {
  const [, first] = issuers[0] ?? [];
  if (!first) throw new Error('a policy needs an issuer');
  const keys = issuers.map(([, { servers }], index) => [`BENCH_API_KEY_${index}`, servers.at.apiKey] as const);
  const { roleId, secretId } = first.servers.at;
  return { ...Object.fromEntries(keys), BENCH_ROLE_ID: roleId, BENCH_SECRET_ID: secretId };
}
