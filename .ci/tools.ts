import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { outputOf } from './programs.ts';

/** The folder of one tool in one version: outside the repository, so that it outlives a clone. */
function toolFolder(name: string, version: string): string {
  const { REKEYD_CACHE, XDG_CACHE_HOME } = process.env;
  const cache = REKEYD_CACHE || XDG_CACHE_HOME || join(homedir(), '.cache');
  return join(cache, 'rekeyd', 'tools', name, version);
}

/** Fills the folder of a tool unless it is there; beside it and moved there when whole, so that no half of it is found. */
function ensureTool(name: string, version: string, fill: (scratch: string) => void): string {
  const folder = toolFolder(name, version);
  if (existsSync(folder)) return folder;
  mkdirSync(dirname(folder), { recursive: true });
  const scratch = mkdtempSync(`${folder}.building-`);
  try {
    fill(scratch);
    // somebody else may have been quicker; then theirs is as good
    if (!existsSync(folder)) renameSync(scratch, folder);
    return folder;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Everything that a tool is built from has to be fetched and compiled the first time. */
const timeoutMs = 1_200_000;

/**
 * A program from the Go module proxy, built once; `command` is its package, `version` its module's. Returns its path: it
 * is named after the package, whose last part may be a major version (`…/kustomize/v5`).
 */
export function ensureGoTool(command: string, version: string): string {
  const name = basename(command.replace(/\/v\d+$/, ''));
  const folder = ensureTool(name, version, (GOBIN) => {
    outputOf('go', ['install', `${command}@${version}`], { env: { GOBIN, CGO_ENABLED: '0' }, timeoutMs });
  });
  return join(folder, name);
}

/** Packages from the npm registry in exact versions, none of their scripts run. Returns the folder they are installed in. */
export function ensureNpmTool(name: string, packages: Readonly<Record<string, string>>): string {
  const version = Object.values(packages).join('-');
  return ensureTool(name, version, (cwd) => {
    writeFileSync(join(cwd, 'package.json'), JSON.stringify({ private: true, type: 'module', dependencies: packages }));
    const flags = ['--ignore-scripts', '--omit=optional', '--no-audit', '--no-fund', '--loglevel=error'];
    outputOf('npm', ['install', ...flags], { cwd, timeoutMs });
  });
}
