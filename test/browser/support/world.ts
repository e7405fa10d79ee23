import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Sandbox, startSandbox } from '../../../src/sandbox/sandbox.ts';
import { cryptoHex } from '../../../src/system.ts';
import { startProgram } from '../../support/program.ts';
import type { RunningProcess } from '../../support/running-process.ts';
import type { Scene } from '../../support/scene.ts';

const PATIENCE_MS = 60_000;

export interface World {
  readonly sandbox: Sandbox;
  /** The token of the policy's http.token. */
  readonly token: string;
  /** A second instance, on which somebody else's credential takes all the room. */
  readonly full: { readonly instance: string; readonly foreign: string };
  /** Starts rekeyd as a process of its own. */
  start(listen?: string): Promise<RunningDaemon>;
  /** Writes another policy; `broken` replaces the whole text. */
  rewrite(broken?: string): Promise<void>;
}

export interface RunningDaemon {
  readonly url: string;
  readonly process: RunningProcess;
  stop(): Promise<unknown>;
}

/**
 * A world with one application in each lasting state: `well` and `shop` are, `refused` has a secret that somebody else
 * wrote, `blocked` has an instance without room, and `failing` an API key that is wrong.
 */
export async function openWorld(scene: Scene): Promise<World> {
  const sandbox = await startSandbox();
  scene.atEnd(() => sandbox.close());
  const token = cryptoHex(16);
  const file = join(scene.dir, 'rekeyd.yaml');
  const secrets = {
    'api-key': sandbox.apiKey.reveal(),
    'role-id': sandbox.roleId.reveal(),
    'secret-id': sandbox.secretId.reveal(),
  };
  for (const [name, value] of Object.entries({ ...secrets, 'wrong-key': 'not-the-key', 'http-token': token })) {
    await writeFile(join(scene.dir, name), value);
  }
  const [instance, wrong] = [sandbox.addInstance(), sandbox.addInstance()];
  const foreign = await sandbox.account.create(instance, 'made by hand');
  sandbox.vaultStore.poke('apps/refused', { access_key_id: 'AKIAHAND', secret_access_key: cryptoHex(20) });
  const rewrite = (text = policyText(sandbox, instance, wrong)) => writeFile(file, text);
  await rewrite();
  return {
    sandbox,
    token,
    full: { instance, foreign: foreign.id },
    rewrite,
    start: async (listen = '127.0.0.1:0') => {
      const daemon = startProgram(scene, ['run', '--config', file], { REKEYD_HTTP_LISTEN: listen });
      const url = await daemon.until('its address', () => addressIn(daemon), PATIENCE_MS);
      return { url: url.replace('0.0.0.0', '127.0.0.1'), process: daemon, stop: () => daemon.stop() };
    },
  };
}

function addressIn({ stdout }: RunningProcess): string | undefined {
  const started = stdout.find((line) => line.includes('"daemon.started"'));
  return started === undefined ? undefined : (JSON.parse(started) as { http: string }).http;
}

function policyText({ project, glesys, s3, vault, instance }: Sandbox, full: string, wrong: string): string {
  const servers = `type: glesys, project: ${project}, api: "${glesys}", endpoint: "${s3}", region: sandbox`;
  const issuer = (name: string, on: string, key: string, limits: string) =>
    `  ${name}: { ${servers}, instance: ${on}, api_key: { file: ${key} }, limits: { per_second: 100${limits} } }\n`;
  const application = (name: string, by: string) => `  ${name}: { issuer: ${by}, path: apps/${name} }\n`;
  return `
owner: browser-test
issuers:
${issuer('good', instance, 'api-key', ', credentials: 50')}${issuer('full', full, 'api-key', ', credentials: 1')}${issuer('wrong', wrong, 'wrong-key', '')}
vault: { address: "${vault}", auth: { method: approle, role_id: { file: role-id }, secret_id: { file: secret-id } } }
defaults: { rotate: { every: 30d }, grace: 2h, verify: { timeout: 10s, successes: 1 } }
scheduler: { resync: 1s, spread: 0s }
http: { listen: 127.0.0.1:0, token: { file: http-token } }
applications:
${application('well', 'good')}${application('shop', 'good')}${application('refused', 'good')}${application('blocked', 'full')}${application('failing', 'wrong')}`;
}
