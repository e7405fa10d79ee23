import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { useScene } from '../support/scene.ts';
import { arrange } from './arrange.ts';

const scene = useScene();
const MAIN = join(import.meta.dirname, '..', '..', 'src', 'main.ts');

/** A process whose standard output nobody reads: its first line at most, then the pipe is closed. */
async function unread(args: readonly string[], env: Readonly<Record<string, string>>, lines: 0 | 1) {
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: { PATH: process.env['PATH'] ?? '', NODE_NO_WARNINGS: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  scene.atEnd(async () => void child.kill('SIGKILL'));
  const complaint = text(child.stderr);
  if (lines === 1) await once(child.stdout, 'data');
  child.stdout.destroy();
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, complaint: await complaint };
}

test('a reader that goes away is no error: the command ends quietly with its own exit code', async () => {
  const on = await arrange({ applications: { billing: {} } });
  const quiet = { code: 0, complaint: '' };
  expect(await unread(['check', '--config', on.config], on.env, 0)).toEqual(quiet);
  expect(await unread(['plan', '--json', '--config', on.config], on.env, 0)).toEqual(quiet);
  on.sandbox.vaultStore.poke('apps/billing', { access_key_id: 'AKHAND', secret_access_key: 'by-hand' });
  expect(await unread(['check', '--config', on.config], on.env, 1)).toEqual({ code: 1, complaint: '' });
});

test('a daemon whose log nobody reads any more ends as at a signal', async () => {
  const config = join(scene.dir, 'unread.yaml');
  await writeFile(
    config,
    `
owner: test
sandbox: { consumers: true }
issuers: { local: { type: glesys } }
scheduler: { spread: 0s }
http: { listen: 127.0.0.1:0 }
applications: { web: { issuer: local, path: apps/web, rotate: { every: 1s }, grace: 500ms } }
`,
  );
  expect(await unread(['run', '--config', config], {}, 1)).toEqual({ code: 1, complaint: '' });
});
