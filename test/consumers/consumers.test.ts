import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { beforeAll, expect, inject, test } from 'vitest';
import type { Daemon } from '../real/support/daemon.ts';
import { arrange, type Setting } from '../real/support/setting.ts';
import { PATIENCE_MS, Workplace } from '../real/support/workplace.ts';
import { useScene } from '../support/scene.ts';
import { Machine } from './support.ts';

/** Each consumer of docs/consumers.md, set up with the files that it shows: before a rotation, and after the old key is gone. */
const scene = useScene();
const BUCKET = 'backups';
let setting: Setting;
let workplace: Workplace;
let daemon: Daemon;

beforeAll(async () => {
  setting = await arrange(scene, { ttl: '1h', maxTtl: '1h' });
  await makeBucket();
  const applications = { billing: { issuer: 'sto1', path: 'apps/billing/s3' } };
  workplace = await Workplace.open(setting, 'consumed', { applications, defaults: { grace: '10s' } });
  daemon = workplace.daemon();
  await daemon.until({ event: 'rotation.done', application: 'billing' });
});

async function makeBucket(): Promise<void> {
  const { s3, region, root } = setting.s3;
  const client = new S3Client({ endpoint: s3, region, credentials: root, forcePathStyle: true });
  await client.send(new CreateBucketCommand({ Bucket: BUCKET }));
  client.destroy();
}

async function currentKey(): Promise<string> {
  const { current } = await workplace.status('billing');
  return current?.access_key_id ?? 'none';
}

/** A rotation, to the revocation of the key that was replaced. Returns the new one. */
async function rotate(): Promise<string> {
  const old = await currentKey();
  const { code, words } = await workplace.rekeyd('rotate', 'billing');
  expect(code, words).toBe(0);
  await daemon.until({ event: 'credential.revoked', access_key_id: old }, undefined, PATIENCE_MS);
  return currentKey();
}

/** Runs it twice, with a rotation in between: with each key it must work. */
async function survivesRotation(works: (key: string) => Promise<void>): Promise<void> {
  await works(await currentKey());
  await works(await rotate());
}

/** A machine on which an agent keeps every file of deploy/consumers/vault-agent.hcl. */
async function withAgent(name: string): Promise<Machine> {
  const machine = await Machine.open(setting, name);
  machine.agent(await machine.install('vault-agent.hcl', 'etc/agent.hcl'));
  for (const file of ['run/aws.env', 'run/s3cfg', 'run/rclone.env', 'run/restic.env']) {
    await untilRendered(machine, file);
  }
  return machine;
}

const untilRendered = async (machine: Machine, file: string) => machine.untilHolds(file, await currentKey());

test('an AWS SDK with the variables that a Vault Agent keeps', async () => {
  const machine = await withAgent('sdk');
  await survivesRotation(async (key) => {
    await machine.untilHolds('run/aws.env', key);
    const env = await machine.variables('run/aws.env');
    const { code, output } = await machine.run(process.execPath, [join(import.meta.dirname, 'list-buckets.mjs')], env);
    expect(code, output).toBe(0);
    expect(JSON.parse(output)).toMatchObject({ buckets: [BUCKET], accessKeyId: key });
  });
});

test('s3cmd with the configuration that a Vault Agent keeps', async () => {
  const machine = await withAgent('s3cmd');
  await survivesRotation(async (key) => {
    await machine.untilHolds('run/s3cfg', key);
    const { code, output } = await machine.run('s3cmd', ['--config', machine.at('run/s3cfg'), 'ls']);
    expect(code, output).toBe(0);
    expect(output).toContain(`s3://${BUCKET}`);
  });
});

test('rclone with the variables that a Vault Agent keeps', async () => {
  const machine = await withAgent('rclone');
  await survivesRotation(async (key) => {
    await machine.untilHolds('run/rclone.env', key);
    const { code, output } = await machine.run(
      'rclone',
      ['lsd', 'storage:'],
      await machine.variables('run/rclone.env'),
    );
    expect(code, output).toBe(0);
    expect(output).toContain(BUCKET);
  });
});

test('restic with the variables that a Vault Agent keeps: what it stored with one key it finds with the next', async () => {
  const machine = await withAgent('restic');
  await writeFile(machine.at('etc/restic-password'), 'for a test only');
  const restic = async (...args: readonly string[]) => {
    const { code, output } = await machine.run('restic', args, await machine.variables('run/restic.env'));
    expect(code, output).toBe(0);
    return output;
  };
  await restic('init');
  await survivesRotation(async (key) => {
    await machine.untilHolds('run/restic.env', key);
    await restic('backup', machine.at('etc/agent.hcl'));
  });
  expect(await restic('snapshots')).toContain('2 snapshots');
});

test('a Vault Agent starts the application anew with each new key', async () => {
  const machine = await Machine.open(setting, 'exec');
  const program = `"${process.execPath}", "${join(import.meta.dirname, 'application.mjs')}"`;
  const file = await machine.install('vault-agent-exec.hcl', 'etc/agent.hcl', { '"/usr/local/bin/billing"': program });
  const agent = machine.agent(file);
  await survivesRotation(async (key) => {
    const line = `started with ${key} for ${setting.s3.s3}`;
    await agent.until(line, () => agent.output().includes(line) || undefined, PATIENCE_MS);
  });
});

/** `rekeyd` as it is found in the PATH, with what it needs to log in. */
async function installRekeyd(machine: Machine): Promise<Readonly<Record<string, string>>> {
  const script = `#!/bin/sh\nexec "${process.execPath}" "${inject('rekeydProgram')}" "$@"\n`;
  await writeFile(machine.at('bin/rekeyd'), script);
  await chmod(machine.at('bin/rekeyd'), 0o755);
  const { roleId, secretId } = setting.rekeyd;
  return { VAULT_ROLE_ID: roleId, VAULT_SECRET_ID: secretId, AWS_PROFILE: 'billing' };
}

test('an AWS SDK that asks rekeyd itself, and knows until when it may keep the answer', async () => {
  const machine = await Machine.open(setting, 'process');
  const file = await machine.install('aws-config', 'home/config', {
    '/etc/rekeyd/rekeyd.yaml': join(scene.dir, 'consumed.yaml'),
    'https://objects.dc-sto1.glesys.net': setting.s3.s3,
    'dc-sto1': setting.s3.region,
  });
  const env = { ...(await installRekeyd(machine)), AWS_CONFIG_FILE: file };
  await survivesRotation(async (key) => {
    const before = Date.now();
    const { code, output } = await machine.run(process.execPath, [join(import.meta.dirname, 'list-buckets.mjs')], env);
    expect(code, output).toBe(0);
    const { accessKeyId, expiration } = JSON.parse(output) as { accessKeyId: string; expiration: string };
    expect(accessKeyId).toBe(key);
    // consumers.refresh of this policy is one second
    expect(Date.parse(expiration)).toBeGreaterThan(before);
    expect(Date.parse(expiration)).toBeLessThan(Date.now() + 2_000);
  });
});
