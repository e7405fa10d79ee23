import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** A real server that the tests build from source by the Go tool chain. */
export interface ServerSource {
  readonly name: string;
  readonly version: string;
  /** Arguments of `go`, given the folder that the program is to be left in. */
  readonly build: (into: string) => readonly string[];
  readonly cwd: string;
  /** How long it takes with nothing cached on two cores. */
  readonly takes: string;
  /** What else decides what is built, so that a change of it builds anew. */
  readonly pinnedBy: readonly string[];
}

const vaultModule = join(import.meta.dirname, 'vault');

export const VAULT: ServerSource = {
  name: 'vault',
  version: '1.21.1',
  build: (into) => ['build', '-v', '-ldflags', '-s -w', '-o', join(into, 'vault'), 'github.com/hashicorp/vault'],
  cwd: vaultModule,
  takes: 'ten to fifteen minutes',
  pinnedBy: [join(vaultModule, 'go.mod'), join(vaultModule, 'go.sum')],
};

export const VERSITYGW: ServerSource = {
  name: 'versitygw',
  version: '1.8.0',
  build: () => ['install', '-v', 'github.com/versity/versitygw/cmd/versitygw@v1.8.0'],
  cwd: import.meta.dirname,
  takes: 'two minutes',
  pinnedBy: [],
};

/** Outside the repository, so that it outlives a clone: `REKEYD_CACHE`, else the user's cache folder. */
function cacheRoot(): string {
  const { REKEYD_CACHE, XDG_CACHE_HOME } = process.env;
  return join(REKEYD_CACHE || XDG_CACHE_HOME || join(homedir(), '.cache'), 'rekeyd', 'servers');
}

/** The folder that holds this build of a server, and nothing else. */
export function serverFolder({ name, version, pinnedBy }: ServerSource): string {
  const pin = createHash('sha256');
  for (const file of pinnedBy) pin.update(readFileSync(file));
  const suffix = pinnedBy.length > 0 ? `-${pin.digest('hex').slice(0, 8)}` : '';
  return join(cacheRoot(), name, `${version}${suffix}`);
}

export function serverProgram(source: ServerSource): string {
  return join(serverFolder(source), source.name);
}
