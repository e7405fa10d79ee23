import { dirname, resolve } from 'node:path';
import type { Plugin } from 'vitest/config';
import type { Patch } from './sabotage.ts';
import { SABOTAGES } from './sabotages.ts';

const ROTATION = resolve(import.meta.dirname, '..', '..', 'src', 'rotation');
const ASKED = /^(?<file>.*\/src\/rotation\/[\w-]+\.ts)\?sabotage=(?<name>.*)$/;

/**
 * Lets a test import `src/rotation/x.ts?sabotage=NAME`: that file and everything that it imports from the same folder,
 * with the sabotage of that name in it. Everything else stays shared with the real one.
 */
export function sabotagedHearts(): Plugin {
  return {
    name: 'sabotaged-hearts',
    enforce: 'pre',
    resolveId(source, importer = '') {
      if (!source.startsWith('.') && !source.startsWith('/')) return undefined;
      const [path = '', query] = source.split('?');
      const name = query?.replace('sabotage=', '') ?? ASKED.exec(importer)?.groups?.['name'];
      const file = resolve(dirname(importer.split('?')[0] ?? ''), path);
      return name !== undefined && dirname(file) === ROTATION ? `${file}?sabotage=${name}` : undefined;
    },
    transform(code, id) {
      const { file, name } = ASKED.exec(id)?.groups ?? {};
      if (file === undefined || name === undefined) return undefined;
      const patches = SABOTAGES[decodeURIComponent(name)]?.patches ?? [];
      return patches.filter((patch) => resolve(ROTATION, patch.file) === file).reduce(patched, code);
    },
  };
}

function patched(code: string, { file, find, replace }: Patch): string {
  const parts = code.split(find);
  if (parts.length !== 2) throw new Error(`${file} has ${parts.length - 1} places for a sabotage: ${find}`);
  return parts.join(replace);
}
