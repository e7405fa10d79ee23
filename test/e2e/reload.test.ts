import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { startProgram } from '../support/program.ts';
import type { RunningProcess } from '../support/running-process.ts';
import { useScene } from '../support/scene.ts';

/** The policy of a running daemon is changed in every way that people and Kubernetes change files. */
const scene = useScene();
const PATIENCE_MS = 30_000;

type Line = Readonly<Record<string, unknown>>;
type Introduction = Readonly<
  Record<'glesys' | 's3' | 'vault' | 'role_id' | 'secret_id' | 'project' | 'api_key' | 'instance', string>
>;

let at: Introduction;
let env: Record<string, string>;

beforeAll(async () => {
  const sandbox = startProgram(scene, ['sandbox']);
  at = JSON.parse(await sandbox.until('its introduction', () => sandbox.stdout[0], PATIENCE_MS)) as Introduction;
  env = { API_KEY: at.api_key, ROLE_ID: at.role_id, SECRET_ID: at.secret_id };
});

const application = (name: string, more = '') => `  ${name}: { issuer: local, path: apps/${name}${more} }\n`;

/** `owner` keeps the tests apart: they share the servers. */
function policy(owner: string, applications: string, more = ''): string {
  return `
owner: ${owner}
issuers:
  local: { type: glesys, project: ${at.project}, api_key: { env: API_KEY }, instance: ${at.instance}, api: "${at.glesys}", endpoint: "${at.s3}", region: x, limits: { per_second: 100 } }
vault: { address: "${at.vault}", auth: { method: approle, role_id: { env: ROLE_ID }, secret_id: { env: SECRET_ID } } }
defaults: { grace: 2h }
scheduler: { spread: 0s }
http: { listen: 127.0.0.1:0 }
${more}
applications:
${applications}`;
}

class Running {
  readonly #program: RunningProcess;

  constructor(config: string, more: Record<string, string> = {}) {
    this.#program = startProgram(scene, ['run', '--config', config], { ...env, ...more });
  }

  lines(wanted: Line): Line[] {
    const members = Object.entries(wanted);
    const all = this.#program.stdout.map((line) => JSON.parse(line) as Line);
    return all.filter((line) => members.every(([key, value]) => line[key] === value));
  }

  /** The `count`-th line that has all these members. */
  until(wanted: Line, count = 1): Promise<Line> {
    return this.#program.until(JSON.stringify(wanted), () => this.lines(wanted)[count - 1], PATIENCE_MS);
  }

  rotated(name: string): Promise<Line> {
    return this.until({ event: 'rotation.done', application: name });
  }

  reloads(): Line[] {
    return this.lines({ event: 'policy.reloaded' });
  }

  hangUp(): void {
    this.#program.kill('SIGHUP');
  }

  async stop(): Promise<void> {
    this.#program.kill('SIGTERM');
    expect(await this.#program.exited).toEqual({ code: 0, signal: null });
  }
}

test('an edit in place and a file renamed over it take effect, and nothing is rotated because of that', async () => {
  const file = join(scene.dir, 'edited.yaml');
  await writeFile(file, policy('edited', application('ed-one')));
  const daemon = new Running(file);
  await daemon.rotated('ed-one');

  await writeFile(file, policy('edited', application('ed-one') + application('ed-two')));
  await daemon.rotated('ed-two');
  expect(daemon.reloads()).toMatchObject([{ changes: 'applications: 1 added (ed-two)', applications: 2 }]);

  const draft = join(scene.dir, 'draft.yaml');
  await writeFile(draft, policy('edited', application('ed-two') + application('ed-three')));
  await rename(draft, file);
  await daemon.rotated('ed-three');
  expect(daemon.reloads()[1]).toMatchObject({
    changes: 'applications: 1 added (ed-three), 1 removed (ed-one)',
  });
  // nobody rotated anything because of a reload
  for (const name of ['ed-one', 'ed-two', 'ed-three'])
    expect(daemon.lines({ event: 'rotation.done', application: name })).toHaveLength(1);
  expect(daemon.lines({ event: 'credential.revoked' })).toEqual([]);
  await daemon.stop();
});

/** What the kubelet does to a mounted ConfigMap: a new folder, and one link that is renamed over the old one. */
async function mount(folder: string, version: string, files: Record<string, string>): Promise<void> {
  const data = join(folder, `..${version}`);
  await mkdir(data, { recursive: true });
  for (const [name, text] of Object.entries(files)) await writeFile(join(data, name), text);
  await symlink(`..${version}`, join(folder, '..data_tmp'));
  await rename(join(folder, '..data_tmp'), join(folder, '..data'));
}

test('a ConfigMap that Kubernetes swaps by symbolic links takes effect, included files too', async () => {
  const folder = join(scene.dir, 'configmap');
  const main = policy('mapped', application('map-one'), 'include: [ "apps-*.yaml" ]');
  const included = (...names: string[]) => `applications:\n${names.map((name) => application(name)).join('')}`;
  await mount(folder, '2026_01', { 'rekeyd.yaml': main, 'apps-a.yaml': included('map-two') });
  for (const name of ['rekeyd.yaml', 'apps-a.yaml']) await symlink(`..data/${name}`, join(folder, name));
  const daemon = new Running(join(folder, 'rekeyd.yaml'));
  await daemon.rotated('map-one');
  await daemon.rotated('map-two');

  await mount(folder, '2026_02', { 'rekeyd.yaml': main, 'apps-a.yaml': included('map-two', 'map-three') });
  await rm(join(folder, '..2026_01'), { recursive: true });
  await daemon.rotated('map-three');

  // a file that comes, and one that goes
  await writeFile(join(folder, 'apps-b.yaml'), included('map-four'));
  await daemon.rotated('map-four');
  await rm(join(folder, 'apps-b.yaml'));
  await daemon.until({ event: 'policy.reloaded', changes: 'applications: 1 removed (map-four)' });
  await daemon.stop();
});

test('a broken file changes nothing and is told as a start would tell it; mended, it takes effect', async () => {
  const file = join(scene.dir, 'broken.yaml');
  await writeFile(file, policy('broken', application('bro-one')));
  const daemon = new Running(file);
  await daemon.rotated('bro-one');

  await writeFile(file, policy('broken', application('bro-one') + application('bro-two', ', colour: red')));
  const refused = await daemon.until({ event: 'policy.refused', level: 'error' });
  expect(refused['reason']).toMatch(/^.*broken\.yaml:\d+:\d+: applications\.bro-two: unknown key "colour"/);
  expect(daemon.lines({ event: 'rotation.started', application: 'bro-two' })).toEqual([]);

  await rm(file);
  const missing = await daemon.until({ event: 'policy.refused' }, 2);
  expect(missing['reason']).toContain('there is no policy file here');

  await writeFile(file, policy('broken', application('bro-one') + application('bro-two')));
  await daemon.rotated('bro-two');
  const [reloaded] = daemon.reloads();
  expect(reloaded?.['msg']).toContain('nothing is wrong with the file any more');
  expect(daemon.lines({ event: 'policy.refused' })).toHaveLength(2);
  await daemon.stop();
});

test('a secret that is not there refuses the policy, as at a start, until it is put there', async () => {
  const file = join(scene.dir, 'secretless.yaml');
  await writeFile(file, policy('secretless', application('sec-one')));
  const daemon = new Running(file);
  await daemon.rotated('sec-one');
  const other = policy('secretless', application('sec-one') + application('sec-two')).replace(
    'api_key: { env: API_KEY }',
    'api_key: { file: key-to-come }',
  );
  await writeFile(file, other);
  const refused = await daemon.until({ event: 'policy.refused' });
  expect(refused['reason']).toMatch(
    /^\S+secretless\.yaml:\d+:\d+: issuers\.local\.api_key: the file .*key-to-come does not exist/,
  );
  await writeFile(join(scene.dir, 'key-to-come'), at.api_key);
  await daemon.rotated('sec-two');
  expect(daemon.lines({ event: 'policy.refused' })).toHaveLength(1);
  await daemon.stop();
});

test('SIGHUP reads at once, and says so even where nothing has changed', async () => {
  const file = join(scene.dir, 'hangup.yaml');
  await writeFile(file, policy('hangup', application('hup-one')));
  const daemon = new Running(file);
  await daemon.rotated('hup-one');
  daemon.hangUp();
  const same = await daemon.until({ event: 'policy.reloaded' });
  expect(same['msg']).toBe('the policy is as it was: nothing has changed');
  daemon.hangUp();
  await daemon.until({ event: 'policy.reloaded' }, 2);
  await daemon.stop();
});

test('another owner is refused, and what waits for a restart is told; the rest takes effect', async () => {
  const file = join(scene.dir, 'restart.yaml');
  const text = policy('restart', application('res-one'));
  await writeFile(file, text);
  const daemon = new Running(file);
  await daemon.rotated('res-one');
  await writeFile(file, text.replace('owner: restart', 'owner: somebody-else'));
  const refused = await daemon.until({ event: 'policy.refused' });
  expect(refused['reason']).toContain('owner: it was "restart"');
  await writeFile(file, text.replace('127.0.0.1:0', '127.0.0.1:1').concat(application('res-two')));
  const waiting = await daemon.until({ event: 'policy.waits_for_restart', level: 'warn' });
  expect(waiting['reason']).toMatch(/^http\.listen: .* until it is restarted$/);
  await daemon.rotated('res-two');
  await daemon.stop();
});

test('a hundred edits in a row: the last one counts, and nothing is rotated twice', async () => {
  const file = join(scene.dir, 'storm.yaml');
  await writeFile(file, policy('storm', application('sto-0')));
  const daemon = new Running(file);
  await daemon.rotated('sto-0');
  for (let edit = 1; edit <= 100; edit += 1) {
    await writeFile(file, policy('storm', application('sto-0') + application(`sto-${edit}`)));
    if (edit % 10 === 0) daemon.hangUp();
  }
  await daemon.rotated('sto-100');
  expect(daemon.lines({ event: 'rotation.done', application: 'sto-0' })).toHaveLength(1);
  expect(daemon.lines({ event: 'policy.refused' })).toEqual([]);
  expect(daemon.reloads().length).toBeLessThan(50);
  await daemon.stop();
});
