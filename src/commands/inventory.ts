import type { Parts } from '../parts.ts';
import type { CredentialList } from '../rotation/credential-list.ts';
import type { Outcome } from '../rotation/outcome.ts';
import type { IssuerSite } from '../rotation/world.ts';
import { steadyPace } from '../scheduler/pacing.ts';
import { type HeldKey, holdings } from './holdings.ts';
import { progressOn } from './progress.ts';
import { type Terminal, UsageError } from './terminal.ts';

/** An issuer of the policy, by its name. */
export interface NamedSite extends IssuerSite {
  readonly name: string;
}

/** Every credential of one instance and whose it is. */
export interface Inventory {
  readonly site: NamedSite;
  readonly keys: readonly HeldKey[];
  /** Applications that were looked at. */
  readonly outcomes: readonly Outcome[];
  readonly now: number;
}

/** Records read per second: a person waits, and Vault has others to serve. */
const READS_PER_SECOND = 100;

/** Throws `UsageError` for one that the policy does not have. */
export function siteNamed(parts: Parts, name: string): NamedSite {
  const site = parts.sites.get(name);
  if (site) return { ...site, name };
  throw new UsageError(`the policy has no issuer ${name}; it has ${[...parts.sites.keys()].join(', ') || 'none'}`);
}

/** Records first, then the list: what was superseded in between is still named by a record. */
export async function takeInventory(parts: Parts, site: NamedSite, terminal: Terminal): Promise<Inventory> {
  const { policy, rotator, options } = parts;
  const { instance } = site.issuer;
  const mark = parts.lists.mark();
  const sameInstance = [...policy.applications.values()].filter(
    ({ issuer }) => parts.sites.get(issuer)?.issuer.instance === instance,
  );
  const outcomes = await look(parts, names(sameInstance), terminal);
  const list = await parts.lists.after(instance, mark);
  // one that was moved to another instance may have left credentials here
  const moved = movedFrom(list, parts, new Set(names(sameInstance)));
  const all = [...outcomes, ...(await rotator.survey(moved, async () => {}))];
  const known = { owner: policy.owner, applications: policy.applications, outcomes: all, now: options.clock.now() };
  const places = await placesOf(parts, [...names(sameInstance), ...moved]);
  return { site, keys: holdings(list, { ...known, places }), outcomes: all, now: known.now };
}

const names = (applications: readonly { readonly name: string }[]) => applications.map(({ name }) => name);

async function look(parts: Parts, applications: readonly string[], terminal: Terminal): Promise<readonly Outcome[]> {
  const progress = progressOn(terminal, applications.length);
  const pace = steadyPace(READS_PER_SECOND);
  try {
    return await parts.rotator.survey(applications, () => pace().then(progress.step));
  } finally {
    progress.end();
  }
}

function movedFrom(list: CredentialList, { policy }: Parts, known: ReadonlySet<string>): readonly string[] {
  const marked = [...list.all()].flatMap(({ marker }) => (marker?.owner === policy.owner ? [marker.application] : []));
  return [...new Set(marked)].filter((name) => policy.applications.has(name) && !known.has(name));
}

/** Vault is asked once for which cluster it is; where it does not say, the records could not be read either. */
async function placesOf(parts: Parts, applications: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const places = applications.map(async (name): Promise<[string, string]> => {
    const path = parts.policy.applications.get(name)?.path ?? '';
    return [name, await parts.vault.place(path).catch(() => '')];
  });
  return new Map(await Promise.all(places));
}
