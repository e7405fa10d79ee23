import { PortError } from '../../src/rotation/errors.ts';
import { Lists } from '../../src/rotation/lists.ts';
import { openRotator } from '../../src/rotation/pass.ts';

/** What of `src/rotation` the model runs; the real one, or one with a single sabotage in it. */
export interface Heart {
  readonly openRotator: typeof openRotator;
  readonly Lists: typeof Lists;
  readonly PortError: typeof PortError;
}

export const REAL: Heart = { openRotator, Lists, PortError };

/** The heart with a sabotage in it; see `sabotage-plugin.ts`. */
export async function sabotaged(name: string): Promise<Heart> {
  const load = (file: string) => {
    const path = `../../src/rotation/${file}.ts?sabotage=${encodeURIComponent(name)}`;
    return import(/* @vite-ignore */ path);
  };
  const [errors, lists, pass] = await Promise.all(['errors', 'lists', 'pass'].map(load));
  return { openRotator: pass.openRotator, Lists: lists.Lists, PortError: errors.PortError };
}
