import { createKey } from './create-key.ts';
import { siteNamed, takeInventory } from './inventory.ts';
import { keysAsJson, keysAsText } from './keys-text.ts';
import { withReplica } from './replica.ts';
import { EXIT, type Terminal } from './terminal.ts';

export interface KeysOptions {
  readonly config: string;
  /** Name of the issuer in the policy. */
  readonly issuer: string;
  /** Description of a credential to create by hand. */
  readonly create?: string;
  readonly yes: boolean;
  readonly json: boolean;
}

/**
 * Shows every credential of an issuer's instance, or creates one by hand. Exit code 1 where a record could not be read,
 * since what it names cannot be told from strays then.
 */
export function keysCommand(options: KeysOptions, terminal: Terminal): Promise<number> {
  return withReplica(options.config, terminal, async (parts) => {
    const site = siteNamed(parts, options.issuer);
    if (options.create !== undefined) return createKey(parts, site, { ...options, create: options.create }, terminal);
    const inventory = await takeInventory(parts, site, terminal);
    terminal.write(options.json ? keysAsJson(inventory) : keysAsText(inventory, parts.policy, terminal));
    return inventory.outcomes.some(({ view }) => !view) ? EXIT.failed : EXIT.done;
  });
}
