import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * The files of the page by their names. They are read where they stand in the sources, which are shipped beside `dist`:
 * this path is the same seen from either. In the bundle, which has no files beside it, rolldown.config.ts puts
 * the texts themselves in this module's place.
 */
export const DASHBOARD_FILES: ReadonlyMap<string, string> = readFolder(
  fileURLToPath(new URL('../../src/http/dashboard/', import.meta.url)),
);

export function readFolder(folder: string): ReadonlyMap<string, string> {
  const names = readdirSync(folder).toSorted();
  return new Map(names.map((name) => [name, readFileSync(`${folder}/${name}`, 'utf8')]));
}
