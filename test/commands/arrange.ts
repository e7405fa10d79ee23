import { onTestFinished } from 'vitest';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts';
import { written } from '../policy/written.ts';

/** A sandbox, and the file of a policy that leads to it; gone at the test's end. */
export interface Arranged {
  readonly sandbox: Sandbox;
  readonly config: string;
  readonly env: Readonly<Record<string, string>>;
  /** Counts the requests from now on whose path begins with `path`. */
  count(server: 'glesys' | 's3' | 'vault', path: string): () => number;
}

export interface Wanted {
  /** Name → what its policy says beside issuer and path. */
  readonly applications: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly limits?: Readonly<Record<string, unknown>>;
}

export async function arrange({ applications, limits = {} }: Wanted): Promise<Arranged> {
  const sandbox = await startSandbox();
  onTestFinished(() => sandbox.close());
  const named = Object.entries(applications).map(([name, more]) => [
    name,
    { issuer: 'local', path: `apps/${name}`, ...more },
  ]);
  const issuer = {
    type: 'glesys',
    project: sandbox.project,
    api_key: { env: 'API_KEY' },
    instance: sandbox.instance,
    api: sandbox.glesys,
    endpoint: sandbox.s3,
    region: 'sandbox',
    limits: { per_second: 1000, ...limits },
  };
  const auth = { method: 'approle', role_id: { env: 'ROLE_ID' }, secret_id: { env: 'SECRET_ID' } };
  const policy = {
    owner: 'commands',
    issuers: { local: issuer },
    vault: { address: sandbox.vault, auth },
    log: { level: 'silent' },
    applications: Object.fromEntries(named),
  };
  return {
    sandbox,
    // JSON is YAML
    config: await written({ 'rekeyd.yaml': JSON.stringify(policy) }),
    env: {
      API_KEY: sandbox.apiKey.reveal(),
      ROLE_ID: sandbox.roleId.reveal(),
      SECRET_ID: sandbox.secretId.reveal(),
    },
    count: (server, path) => counter(sandbox, server, path),
  };
}

/** A fault that does no harm sees every request. */
function counter(sandbox: Sandbox, server: 'glesys' | 's3' | 'vault', path: string): () => number {
  const { faults } = sandbox.servers[server];
  faults.add({ fault: 'delay', delay_ms: 0, path });
  const index = faults.list().length - 1;
  return () => faults.list()[index]?.matched ?? 0;
}

/** Puts the grace of everything superseded there behind, as if it were long over. */
export function endGrace({ sandbox }: Arranged, application: string): void {
  const data = sandbox.vaultStore.peek(`apps/${application}`) ?? {};
  const record = JSON.parse(String(data['rekeyd']));
  const superseded = record.superseded.map((entry: object) => ({ ...entry, revoke_at: '2020-01-01T00:00:00.000Z' }));
  sandbox.vaultStore.poke(`apps/${application}`, { ...data, rekeyd: JSON.stringify({ ...record, superseded }) });
}

/** The generation that stands at an application's path. */
export function generationOf({ sandbox }: Arranged, application: string): number | undefined {
  const data = sandbox.vaultStore.peek(`apps/${application}`);
  return data && JSON.parse(String(data['rekeyd'])).generation;
}
