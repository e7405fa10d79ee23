import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Checks } from '../checks.ts';
import { outputOf } from '../programs.ts';
import { textOf } from '../repository.ts';
import { expectThat, IMAGES, inspect, PATIENT, podman } from './podman.ts';

const MOST_BYTES = 40_000_000;
const { version } = JSON.parse(textOf('package.json')) as { version: string };
/** What the image may know at all; the names of the base image's own are left out. */
const KNOWN_VARIABLES = [
  'NODE_ENV',
  'NODE_OPTIONS',
  'NODE_COMPILE_CACHE',
  'MALLOC_ARENA_MAX',
  'REKEYD_CONFIG',
  'PATH',
  'NODE_VERSION',
  'YARN_VERSION',
];

/** Builds both images of the Dockerfile and looks into rekeyd's. */
export async function checkImage(checks: Checks): Promise<void> {
  await checks.check('the image is built', () => {
    build('rekeyd', IMAGES.rekeyd, [`VERSION=${version}`]);
    build('consumer', IMAGES.consumer, []);
  });
  await checks.check('what is ours in it is smaller than 40 MB', () => {
    const [all = 0, base = 0] = [IMAGES.rekeyd, IMAGES.node].map((image) => Number(inspect(image, '{{.Size}}')));
    checks.say(`size: ${((all - base) / 1e6).toFixed(1)} MB on top of the base image`);
    expectThat(all - base < MOST_BYTES, `it is ${all - base} bytes`);
  });
  await checks.check('it has a user, a health check and labels of its own', () => {
    expectThat(inspect(IMAGES.rekeyd, '{{.Config.User}}') === '10001:10001', 'the user is another');
    expectThat(inspect(IMAGES.rekeyd, '{{json .HealthCheck}}').includes('healthcheck'), 'there is no health check');
    const labelled = inspect(IMAGES.rekeyd, '{{index .Config.Labels "org.opencontainers.image.version"}}');
    expectThat(labelled === version, `the label says version ${labelled}`);
  });
  await checks.check(
    'nothing is in it but the bundle, as it is and compiled, its manifest and the licences, and no variable besides',
    () => {
      const files = inImage('find', '/app', '-type', 'f').split('\n');
      const others = files.filter(
        (file) => !/^\/app\/(bundle\/[\w.-]+\.js|compiled\/[\w./-]+|package\.json|LICENSE|LICENCES\.md)$/.test(file),
      );
      expectThat(others.length === 0 && files.length > 4, `there are ${others.join(', ')}`);
      const variables = JSON.parse(inspect(IMAGES.rekeyd, '{{json .Config.Env}}')) as string[];
      const unknown = variables.map((one) => one.split('=')[0] ?? '').filter((name) => !KNOWN_VARIABLES.includes(name));
      expectThat(unknown.length === 0, `there are the variables ${unknown.join(', ')}`);
    },
  );
  await checks.check('the lock file alone decides what is in it: the same bundle comes out here', () => {
    const folder = mkdtempSync(join(tmpdir(), 'rekeyd-bundle-'));
    try {
      outputOf('node_modules/.bin/rolldown', ['--config', 'rolldown.config.ts', '--dir', folder]);
      const here = readdirSync(folder)
        .toSorted()
        .map((name) => `${digestOf(join(folder, name))}  ${name}`);
      const there = inImage('sh', '-c', 'cd /app/bundle && sha256sum *').split('\n').toSorted(byName);
      expectThat(here.join() === there.join(), 'the bundles differ');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
  await checks.check('what is compiled already is used by whom it runs as', () => {
    const debug = ['--rm', '--read-only', '-e', 'NODE_DEBUG_NATIVE=COMPILE_CACHE', '--entrypoint', 'sh'];
    const said = podman('run', ...debug, IMAGES.rekeyd, '-c', 'rekeyd --version 2>&1');
    expectThat(/was accepted/.test(said) && !/[Cc]annot create/.test(said), said.split('\n').slice(0, 5).join('\n'));
  });
  await checks.check('it says which version it is', () => {
    expectThat(podman('run', '--rm', IMAGES.rekeyd, '--version') === version, 'it says another');
  });
}

/** By buildah, which needs no service and no privileges of its own in this isolation. */
function build(target: string, image: string, args: readonly string[]): void {
  const given = args.flatMap((arg) => ['--build-arg', arg]);
  const how = ['--isolation', 'chroot', '--format', 'docker'];
  outputOf('buildah', ['build', ...how, '--target', target, '-t', image, ...given, '.'], PATIENT);
}

function inImage(program: string, ...args: string[]): string {
  return podman('run', '--rm', '--entrypoint', program, IMAGES.rekeyd, ...args);
}

const digestOf = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex');
const byName = (a: string, b: string): number => ((a.split('  ')[1] ?? '') < (b.split('  ')[1] ?? '') ? -1 : 1);
