import { spawn } from 'node:child_process';
import { access, constants, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import prettyMs from 'pretty-ms';
import { type ServerSource, serverFolder, serverProgram, VAULT, VERSITYGW } from './cache.ts';
import { withLock } from './lock.ts';

export type Say = (line: string) => void;

const isThere = (program: string): Promise<boolean> =>
  access(program, constants.X_OK).then(
    () => true,
    () => false,
  );

/** Runs `go`, saying every half minute how far it is; rejects with the end of its output when it fails. */
async function go(args: readonly string[], source: ServerSource, env: NodeJS.ProcessEnv, say: Say): Promise<void> {
  const started = performance.now();
  const child = spawn('go', args, { cwd: source.cwd, env, stdio: ['ignore', 'inherit', 'pipe'] });
  const lines: string[] = [];
  createInterface(child.stderr).on('line', (line) => lines.push(line));
  const progress = setInterval(() => {
    say(`  ${prettyMs(performance.now() - started, { secondsDecimalDigits: 0 })}, ${lines.length} steps so far`);
  }, 30_000);
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    if (code !== 0) throw new Error(`go ${args[0]} failed:\n${lines.slice(-20).join('\n')}`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new Error(`${source.name} ${source.version} is built from source: please install Go 1.26 or later`);
  } finally {
    clearInterval(progress);
  }
}

/** Builds beside the cache's folder and moves it there when whole: a build that was cut short is never found. */
async function build(source: ServerSource, say: Say): Promise<void> {
  const folder = serverFolder(source);
  await mkdir(dirname(folder), { recursive: true });
  const scratch = await mkdtemp(`${folder}.building-`);
  try {
    say(`building ${source.name} ${source.version} (${source.takes} when nothing of it is cached)`);
    const env = { ...process.env, GOBIN: scratch, CGO_ENABLED: '0' };
    await go(source.build(scratch), source, env, say);
    await rm(folder, { recursive: true, force: true });
    await rename(scratch, folder);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** The server's program, built first where the cache does not have it. */
export async function ensureServer(source: ServerSource, say: Say): Promise<string> {
  const program = serverProgram(source);
  if (await isThere(program)) return program;
  const folder = serverFolder(source);
  await mkdir(dirname(folder), { recursive: true });
  const wait = (pid: number): void => say(`waiting for process ${pid}, which is building ${source.name}`);
  await withLock(`${folder}.lock`, wait, async () => {
    if (!(await isThere(program))) await build(source, say);
  });
  if (!(await isThere(program))) throw new Error(`building ${source.name} left no program at ${program}`);
  return program;
}

/** Both servers, one after the other: each build keeps all cores busy by itself. */
export async function ensureServers(say: Say): Promise<{ vault: string; versitygw: string }> {
  return { vault: await ensureServer(VAULT, say), versitygw: await ensureServer(VERSITYGW, say) };
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const say = (line: string): boolean => process.stdout.write(`${line}\n`);
  const { vault, versitygw } = await ensureServers(say);
  say(vault);
  say(versitygw);
}
