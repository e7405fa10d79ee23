import { readFileSync } from 'node:fs';
import { z } from 'zod';

const manifest = z.object({ version: z.string().min(1) });

/** The version of this rekeyd, as its package.json has it. */
export const VERSION: string = manifest.parse(
  JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')),
).version;

/** How rekeyd names itself to every server. */
export const USER_AGENT = `rekeyd/${VERSION}`;
