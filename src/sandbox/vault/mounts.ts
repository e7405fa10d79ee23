import type { Backend } from './backend.ts';

/** What is mounted where. Prefixes end with a slash; auth methods are below `auth/`. */
export class MountTable {
  readonly #mounts = new Map<string, Backend>();

  /** False where something is mounted there already. */
  add(prefix: string, backend: Backend): boolean {
    if (this.#mounts.has(prefix)) return false;
    this.#mounts.set(prefix, backend);
    return true;
  }

  remove(prefix: string): void {
    this.#mounts.delete(prefix);
  }

  get(prefix: string): Backend | undefined {
    return this.#mounts.get(prefix);
  }

  /** The mount with the longest prefix that fits, and what remains of the path. */
  route(path: string): { readonly prefix: string; readonly backend: Backend; readonly rest: string } | undefined {
    const fitting = [...this.#mounts].filter(([prefix]) => `${path}/`.startsWith(prefix));
    const [longest] = fitting.sort(([a], [b]) => b.length - a.length);
    if (longest === undefined) return undefined;
    return { prefix: longest[0], backend: longest[1], rest: path.slice(longest[0].length) };
  }
}
