import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Checks } from './checks.ts';
import { productionTree, readLockFile } from './lock-file.ts';
import { outputOf } from './programs.ts';
import { fileOf } from './repository.ts';

/**
 * What a stranger does: clones what is committed, types `npm start`, watches some rotations and ends it with Ctrl-C;
 * packs the package, installs it into an empty folder and asks it for help. The report goes to the file named on the
 * command line.
 */
const WANTED_ROTATIONS = 6;
const checks = new Checks();
const scratch = mkdtempSync(join(tmpdir(), 'rekeyd-clone-'));
const clone = join(scratch, 'clone');

/** A program in a process group of its own, as a terminal starts it, with what it said so far. */
class Foreground {
  said = '';
  readonly #child: ChildProcess;
  readonly #closed: Promise<unknown[]>;

  constructor(cwd: string, command: string, args: readonly string[]) {
    this.#child = spawn(command, args, { cwd, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#closed = once(this.#child, 'close');
    process.once('exit', () => this.#signal('SIGKILL'));
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.said += text;
        this.#child.emit('said');
      });
    }
  }

  async until(what: string, test: (said: string) => boolean, timeoutMs: number): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const fail = (why: string): void => reject(new Error(`waited for ${what}, but ${why}; it said:\n${this.tail()}`));
    const timer = setTimeout(() => fail(`not within ${timeoutMs / 1000} s`), timeoutMs);
    this.#child.on('said', () => test(this.said) && resolve());
    this.#child.once('close', () => fail('it ended'));
    await promise.finally(() => clearTimeout(timer));
  }

  tail(): string {
    return this.said.split('\n').slice(-40).join('\n');
  }

  /**
   * What Ctrl-C does: SIGINT to everybody in the group. npm hands its own on, so the program may get a second one.
   * Returns the exit code; null: a signal ended it.
   */
  async interrupt(): Promise<unknown> {
    this.#signal('SIGINT');
    const timer = setTimeout(() => this.#signal('SIGKILL'), 60_000);
    const [code] = await this.#closed;
    clearTimeout(timer);
    return code;
  }

  #signal(signal: NodeJS.Signals): void {
    const { pid, exitCode, signalCode } = this.#child;
    if (pid !== undefined && exitCode === null && signalCode === null) process.kill(-pid, signal);
  }
}

/** The newest count in lines like `rotations done: 12 · consumer requests: 240 · consumer failures: 0`. */
function newest(said: string, name: string): number {
  return Number([...said.matchAll(new RegExp(`${name}: (\\d+)`, 'g'))].at(-1)?.[1] ?? Number.NaN);
}

async function checkStart(): Promise<void> {
  const start = new Foreground(clone, 'npm', ['start']);
  try {
    await checks.check(`npm start on a fresh clone makes ${WANTED_ROTATIONS} rotations`, () =>
      start.until('rotations', (said) => newest(said, 'rotations done') >= WANTED_ROTATIONS, 240_000),
    );
  } finally {
    await checks.check('Ctrl-C ends it with exit code 0', async () => {
      const code = await start.interrupt();
      if (code !== 0) throw new Error(`the exit code was ${code}; it said:\n${start.tail()}`);
    });
  }
  await checks.check('its consumers made requests and none failed', () => {
    const [requests, failures] = [newest(start.said, 'consumer requests'), newest(start.said, 'consumer failures')];
    if (!(requests > 0 && failures === 0)) throw new Error(`${requests} requests, ${failures} failures`);
  });
}

async function checkPackage(): Promise<void> {
  const empty = join(scratch, 'empty');
  mkdirSync(empty);
  // rekeyd needs the Node.js that the repository brings along, wherever the system's own is older.
  const { PATH: path = '' } = process.env;
  const env = { PATH: `${dirname(process.execPath)}:${path}` };
  const rekeyd = (...args: string[]): string => outputOf('node_modules/.bin/rekeyd', args, { cwd: empty, env });

  await checks.check('npm pack makes a package that installs into an empty folder without asking a registry', () => {
    outputOf('npm', ['pack', '--pack-destination', scratch], { cwd: clone });
    outputOf('npm', ['init', '--yes'], { cwd: empty });
    const [tarball = ''] = outputOf('sh', ['-c', 'ls rekeyd-*.tgz'], { cwd: scratch }).trim().split('\n');
    const alone = ['--offline', '--cache', join(scratch, 'empty-cache')];
    outputOf('npm', ['install', ...alone, '--omit=dev', '--no-audit', '--no-fund', join(scratch, tarball)], {
      cwd: empty,
    });
  });
  await checks.check('and brings along exactly what the bill of materials says', () => {
    const installed = join(empty, 'node_modules', 'rekeyd');
    for (const { folder, name, version } of productionTree(readLockFile())) {
      const manifest: unknown = JSON.parse(readFileSync(join(installed, folder, 'package.json'), 'utf8'));
      if (!(manifest instanceof Object && 'version' in manifest && manifest.version === version)) {
        throw new Error(`${name} is not ${version} in ${folder}`);
      }
    }
  });
  await checks.check('the installed rekeyd --help names its commands', () => {
    const help = rekeyd('--help');
    for (const command of ['run', 'check', 'plan', 'status', 'rotate']) {
      if (!help.includes(command)) throw new Error(`there is no ${command} in:\n${help}`);
    }
  });
  await checks.check('the installed rekeyd schema prints a JSON Schema', () => {
    const schema: unknown = JSON.parse(rekeyd('schema'));
    if (!(schema instanceof Object && '$schema' in schema)) throw new Error('it has no $schema');
  });
}

// Ended by a time-out, it takes what it started with it.
process.on('SIGTERM', () => process.exit(1));

try {
  await checks.check('what is committed can be cloned', () => outputOf('git', ['clone', '--quiet', fileOf(), clone]));
  await checkStart();
  await checkPackage();
} finally {
  rmSync(scratch, { recursive: true, force: true });
  checks.report();
}
