import { z } from 'zod';
import { textOf } from './repository.ts';

/** The parts of package-lock.json (version 3) that the supply chain is judged by. */
const names = z.record(z.string(), z.string()).optional();
const entry = z.looseObject({
  name: z.string().optional(),
  version: z.string().optional(),
  license: z.string().optional(),
  integrity: z.string().optional(),
  dev: z.boolean().optional(),
  hasInstallScript: z.boolean().optional(),
  dependencies: names,
  optionalDependencies: names,
  peerDependencies: names,
});
const lockFile = z.looseObject({
  version: z.string(),
  lockfileVersion: z.literal(3),
  packages: z.record(z.string(), entry),
});

export type LockEntry = z.infer<typeof entry>;
export type LockFile = z.infer<typeof lockFile>;

/** One installed package; `folder` is its place in the tree, `''` is rekeyd itself. */
export interface LockedPackage {
  readonly folder: string;
  readonly name: string;
  readonly version: string;
  /** As its own package.json says, an SPDX expression; `undefined`: it says nothing. */
  readonly licence: string | undefined;
  readonly integrity: string | undefined;
  readonly hasInstallScript: boolean;
}

export function readLockFile(): LockFile {
  return lockFile.parse(JSON.parse(textOf('package-lock.json')));
}

/** The names of what rekeyd itself asks for, in production. */
export function directDependencies({ packages }: LockFile): string[] {
  return Object.keys(packages['']?.dependencies ?? {}).toSorted();
}

/** The folders of these packages and of everything that they need, found as Node.js finds them; not rekeyd itself. */
export function reachedFrom(lock: LockFile, dependencies: readonly string[]): Set<string> {
  const reached = new Set<string>();
  const reach = (from: string, names: readonly string[]): void => {
    for (const name of names) {
      const folder = resolve(lock, from, name);
      if (folder === undefined || reached.has(folder)) continue;
      reached.add(folder);
      reach(folder, neededBy(lock.packages[folder]));
    }
  };
  reach('', dependencies);
  return reached;
}

/** Every package that is installed in production, in the order of names. */
export function productionTree(lock: LockFile): LockedPackage[] {
  const folders = [...reachedFrom(lock, directDependencies(lock))];
  return folders.map((folder) => describe(folder, lock.packages[folder])).toSorted(byName);
}

/** The same lock file as if nothing had ever been needed for development. */
export function withoutDevelopment(lock: LockFile): LockFile {
  const kept = Object.entries(lock.packages).filter(([, { dev }]) => dev !== true);
  const packages = Object.fromEntries(kept.map(([folder, it]) => [folder, { ...it, devDependencies: undefined }]));
  return { ...lock, packages };
}

function neededBy({ dependencies, optionalDependencies, peerDependencies }: LockEntry = {}): string[] {
  return Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies });
}

/** Nearest `node_modules` first; an optional package that is not installed is nowhere. */
function resolve({ packages }: LockFile, from: string, name: string): string | undefined {
  for (let base = from; ; base = base.slice(0, Math.max(base.lastIndexOf('/node_modules/'), 0))) {
    const folder = `${base}${base === '' ? '' : '/'}node_modules/${name}`;
    if (packages[folder]) return folder;
    if (base === '') return undefined;
  }
}

function describe(
  folder: string,
  { name, version, license, integrity, hasInstallScript }: LockEntry = {},
): LockedPackage {
  return {
    folder,
    name: name ?? folder.slice(folder.lastIndexOf('node_modules/') + 'node_modules/'.length),
    version: version ?? '',
    licence: license,
    integrity,
    hasInstallScript: hasInstallScript === true,
  };
}

/** By code units, so that every machine sorts alike. */
function byName(one: LockedPackage, other: LockedPackage): number {
  const [a, b] = [`${one.name}@${one.version}`, `${other.name}@${other.version}`];
  return a < b ? -1 : Number(a > b);
}
