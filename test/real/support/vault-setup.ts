import { dirname, join } from 'node:path';
import { inject } from 'vitest';
import { startGlesys } from '../../../src/sandbox/glesys.ts';
import { MemoryKeyRing } from '../../../src/sandbox/keyring.ts';
import { startS3 } from '../../../src/sandbox/s3.ts';
import { cryptoHex, systemClock } from '../../../src/system.ts';
import type { Scene } from '../../support/scene.ts';
import { INSTANCE, type Site } from './setting.ts';
import { startVault } from './vault-server.ts';

const FILES = join(import.meta.dirname, '..', '..', '..', 'deploy', 'vault');

/** A real Vault with nothing but a KV v2 mount `secret`: who may use it is yet to be set up. */
export async function arrangeUntouched(scene: Scene): Promise<Site> {
  const ring = new MemoryKeyRing(systemClock, cryptoHex);
  const [glesys, s3] = [await startGlesys({ ring }), await startS3({ ring })];
  for (const standIn of [glesys, s3]) scene.atEnd(() => standIn.close());
  glesys.account.addInstance(INSTANCE);
  const vault = await startVault(scene, inject('vaultProgram'));
  await vault.mountKv('secret', 2);
  return { scene, vault, s3: { s3: s3.url, region: 'us-east-1' }, glesys, rekeyd: { roleId: '', secretId: '' } };
}

/** What an operator types: a file of `deploy/vault`, what it is given, and variables. */
export interface SetUp {
  readonly file: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs it as root of that Vault with Vault's own command line; what it said. Throws with that where it fails. */
export async function setUp({ scene, vault }: Site, { file, args = [], env = {} }: SetUp): Promise<string> {
  const shell = scene.start({
    name: file,
    command: 'sh',
    args: [join(FILES, file), ...args],
    env: {
      PATH: `${dirname(inject('vaultProgram'))}:${process.env['PATH']}`,
      HOME: scene.dir,
      VAULT_ADDR: vault.address,
      VAULT_TOKEN: vault.rootToken,
      ...env,
    },
  });
  const { code } = await shell.exited;
  if (code !== 0) throw new Error(`${file} ended with ${code}:\n${shell.output()}`);
  return shell.output();
}
