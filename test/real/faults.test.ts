import { beforeAll, describe, expect, test } from 'vitest';
import { useScene } from '../support/scene.ts';
import { arrange, INSTANCE, type PolicyParts, run, type Setting } from './support/setting.ts';

const scene = useScene();
let setting: Setting;

beforeAll(async () => {
  setting = await arrange(scene, { ttl: '1h', maxTtl: '1h' });
});

function policy(name: string, every: string, vault: Readonly<Record<string, unknown>> = {}): PolicyParts {
  const application = { issuer: 'sto1', path: `apps/${name}/s3`, rotate: { every } };
  return { vault, defaults: { grace: '3s' }, applications: { [name]: application } };
}

const issued = (): number => setting.glesys.account.credentials(INSTANCE).length;

describe('a real Vault that is not as it should be', () => {
  test('sealed under the daemon, it stops the rotations, which go on by themselves once it is unsealed', async () => {
    const daemon = await run(setting, 'sealed', policy('sealed', '4s'));
    await daemon.until({ event: 'rotation.done' });
    await setting.vault.seal();
    // an attempt that was already under way may still have issued one; it has ended when the next look fails
    const failed = await daemon.until({ event: 'pass.failed' });
    expect(String(failed['reason'])).toContain('sealed');
    const issuedBy = (): number => daemon.lines({ event: 'credential.issued' }).length;
    const before = { logged: issuedBy(), there: issued() };
    await daemon.until({ event: 'pass.failed' }, (line) => line !== failed);
    expect(issuedBy()).toBe(before.logged);
    expect(issued()).toBeLessThanOrEqual(before.there);
    const done = daemon.lines({ event: 'rotation.done' }).length;
    await setting.vault.unseal();
    await daemon.until({ event: 'rotation.done' }, () => daemon.lines({ event: 'rotation.done' }).length > done + 1);
    await daemon.until({ event: 'application.recovered', application: 'sealed' });
    expect(await daemon.stop()).toEqual({ code: 0, signal: null });
  });

  test('a KV version 1 mount gets no credential, and the log says what to do', async () => {
    await setting.vault.mountKv('old', 1);
    const rights = 'path "old/*" { capabilities = ["create", "read", "update", "patch"] }';
    await setting.vault.tell('PUT', 'sys/policies/acl/old', { policy: rights });
    await setting.vault.tell('POST', 'auth/approle/role/rekeyd', { token_policies: ['rekeyd', 'old'] });
    const before = issued();
    const daemon = await run(setting, 'kv1', policy('kv1', '1h', { mount: 'old' }));
    const blocked = await daemon.until({ event: 'rotation.blocked', application: 'kv1' });
    expect(blocked).toMatchObject({ code: 'mount-not-kv2', reason: expect.stringContaining('KV version 1') });
    expect(blocked['remedy']).toContain('KV version 2');
    expect(await daemon.stop()).toEqual({ code: 0, signal: null });
    expect(issued()).toBe(before);
    expect((await setting.vault.ask('GET', 'old/data/apps/kv1/s3')).status).toBe(404);
  });

  test('a namespace on Vault Community Edition gets no credential and nothing in its root', async () => {
    const before = issued();
    const daemon = await run(setting, 'namespace', policy('namespaced', '1h', { namespace: 'team-a' }));
    const blocked = await daemon.until({ event: 'rotation.blocked', application: 'namespaced' });
    expect(blocked).toMatchObject({ code: 'namespace-unproven' });
    expect(blocked['remedy']).toContain('remove vault.namespace');
    expect(await daemon.stop()).toEqual({ code: 0, signal: null });
    expect(issued()).toBe(before);
    expect((await setting.vault.ask('GET', 'secret/data/apps/namespaced/s3')).status).toBe(404);
  });
});
