import { expect, test } from 'vitest';
import { poll } from '../support/poll.ts';
import { runProgram, startProgram } from '../support/program.ts';
import { useScene } from '../support/scene.ts';
import { arrange } from './arrange.ts';

const scene = useScene();

test('--despite takes one code, may be said again, and leaves the name after it alone', async () => {
  const on = await arrange({ applications: { billing: {} } });
  const own = { access_key_id: 'AKHAND', secret_access_key: 'by-hand' };
  on.sandbox.vaultStore.poke('apps/billing', own);
  const args = ['rotate', '--config', on.config, '--despite', 'edited', '--despite', 'unmanaged', 'billing'];
  const { code, output } = await runProgram(scene, args, on.env);
  expect(output).toContain('billing: rotated to generation 1');
  expect(code).toBe(0);
});

test('sandbox off loopback is a mistake in the call', async () => {
  const { code, output } = await runProgram(scene, ['sandbox', '--vault', '0.0.0.0:0']);
  expect(output).toBe('--vault 0.0.0.0:0: the sandbox listens on loopback only: 0.0.0.0 is not; use 127.0.0.1');
  expect(code).toBe(2);
});

test('REKEYD_CONFIG set to nothing counts as not set', async () => {
  const { output } = await runProgram(scene, ['check', '--help'], { REKEYD_CONFIG: '' });
  expect(output).toContain('(default: "config/rekeyd.yaml")');
});

test.each(['check', 'plan', 'status'])('Ctrl-C ends %s at once, whatever it waits for', async (name) => {
  const on = await arrange({ applications: { billing: {} } });
  const { faults } = on.sandbox.servers.vault;
  faults.add({ fault: 'delay', delay_ms: 600_000, path: '/v1/secret/data/' });
  const hangs = () => (faults.list()[0]?.matched ?? 0) > 0;
  const program = startProgram(scene, [name, '--config', on.config], on.env);
  await poll('the read that hangs', 60_000, async () => (hangs() ? true : undefined));
  program.kill('SIGINT');
  expect(await program.exited).toEqual({ code: 1, signal: null });
});
