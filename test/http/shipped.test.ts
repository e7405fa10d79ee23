import { execFile } from 'node:child_process';
import { cp, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { request } from 'undici';
import { expect, test } from 'vitest';
import { DASHBOARD_FILES } from '../../src/http/dashboard-files.ts';
import { useScene } from '../support/scene.ts';

/** The page's files are no code: they must have come along in each form in which rekeyd is shipped. */
const scene = useScene();
const root = join(import.meta.dirname, '..', '..');
const run = promisify(execFile);
const tool = (name: string) => join(root, 'node_modules', '.bin', name);

test('the page is in the compiled program, beside which the package has its sources', async () => {
  const { files } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  expect(files).toEqual(expect.arrayContaining(['dist', 'src']));
  const folder = join(scene.dir, 'package');
  await run(tool('tsc'), ['-p', join(root, 'tsconfig.build.json'), '--noCheck', '--outDir', join(folder, 'dist')]);
  await cp(join(root, 'package.json'), join(folder, 'package.json'));
  for (const name of ['src', 'node_modules']) await symlink(join(root, name), join(folder, name));
  await expectPage(join(folder, 'dist', 'main.js'));
});

test('the page is in the bundle, which has no file beside it', async () => {
  const folder = join(scene.dir, 'container');
  await run(tool('rolldown'), ['--config', 'rolldown.config.ts', '--dir', join(folder, 'bundle')], { cwd: root });
  await cp(join(root, 'package.json'), join(folder, 'package.json'));
  await expectPage(join(folder, 'bundle', 'main.js'));
});

/** Starts the program on a sandbox of its own and asks for everything that the page is made of. */
async function expectPage(program: string): Promise<void> {
  const config = join(scene.dir, 'sandbox.yaml');
  await writeFile(
    config,
    'sandbox: {}\nowner: shipped\nissuers: { local: { type: glesys } }\nhttp: { listen: 127.0.0.1:0 }\napplications: { web: { issuer: local, path: apps/web } }\n',
  );
  const daemon = scene.start({
    name: 'shipped',
    command: process.execPath,
    args: [program, 'run', '--config', config],
  });
  const started = () => daemon.stdout.find((line) => line.includes('"daemon.started"'));
  const { http } = JSON.parse(await daemon.until('its address', started, 30_000)) as { http: string };
  for (const [name, text] of DASHBOARD_FILES) {
    const answer = await request(`${http}${name === 'index.html' ? '/' : `/dashboard/${name}`}`);
    expect(await answer.body.text(), name).toBe(text);
  }
  await daemon.stop();
}
