import { readFileSync } from 'node:fs';

/** The version of this rekeyd, as its package.json has it. */
export const VERSION: string = versionIn(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

/** How rekeyd names itself to every server. */
export const USER_AGENT = `rekeyd/${VERSION}`;

function versionIn(manifest: string): string {
  const { version } = JSON.parse(manifest);
  if (typeof version !== 'string' || version === '') throw new Error('package.json has no version');
  return version;
}
