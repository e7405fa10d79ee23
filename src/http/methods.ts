import type { HttpProblem } from './problem.ts';

interface Address {
  readonly pattern: RegExp;
  readonly methods: string[];
}

/** By which methods each address may be asked. */
export class Methods {
  readonly #addresses = new Map<string, Address>();

  /** Takes a route; `:name` in its address stands for one part of a path. */
  note({ method, url }: { readonly method: string | string[]; readonly url: string }): void {
    const address = this.#addresses.get(url) ?? { pattern: patternOf(url), methods: [] };
    address.methods.push(...[method].flat());
    this.#addresses.set(url, address);
  }

  /** Those of the address of a request, whose `url` may have a query; none where nothing is. */
  at(url: string): readonly string[] {
    const path = decoded(url.replace(/[?#].*$/s, ''));
    const found = [...this.#addresses.values()].filter(({ pattern }) => path !== undefined && pattern.test(path));
    return found.flatMap(({ methods }) => methods).toSorted();
  }
}

/** `undefined` where it means nothing: a `%` may be followed by anything. */
function decoded(path: string): string | undefined {
  try {
    return decodeURI(path);
  } catch {
    return undefined;
  }
}

function patternOf(url: string): RegExp {
  const parts = url.split('/').map((part) => (part.startsWith(':') ? '[^/]+' : part.replaceAll('.', '\\.')));
  return new RegExp(`^${parts.join('/')}$`);
}

/** What is at the address answers to `methods` only. */
export function wrongMethod(methods: readonly string[]): HttpProblem {
  return {
    status: 405,
    title: 'Method not allowed',
    code: 'wrong-method',
    detail: `There is something at this address, but only for ${methods.join(' and ')}.`,
  };
}
