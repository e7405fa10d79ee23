/** One `path "…" { capabilities = […] }` of a Vault policy. */
export interface PathRule {
  readonly path: string;
  readonly capabilities: readonly string[];
}

const CAPABILITIES = new Set(['create', 'read', 'update', 'delete', 'list', 'patch', 'sudo', 'deny']);

/** What every token may do unless it was made without the policy `default`. */
const DEFAULT_POLICY = `
path "auth/token/lookup-self" { capabilities = ["read"] }
path "auth/token/renew-self" { capabilities = ["update"] }
path "auth/token/revoke-self" { capabilities = ["update"] }
path "sys/capabilities-self" { capabilities = ["update"] }
`;

/** A policy that cannot be read; the message is Vault's answer. */
export class PolicySyntaxError extends Error {
  override readonly name = 'PolicySyntaxError';
}

/** The policies by name, and what they allow together. */
export class PolicyBook {
  readonly #texts = new Map([['default', DEFAULT_POLICY]]);
  readonly #rules = new Map([['default', parsePolicy(DEFAULT_POLICY)]]);

  /** Throws `PolicySyntaxError`. */
  set(name: string, hcl: string): void {
    this.#rules.set(name, parsePolicy(hcl));
    this.#texts.set(name, hcl);
  }

  delete(name: string): void {
    this.#rules.delete(name);
    this.#texts.delete(name);
  }

  text(name: string): string | undefined {
    return this.#texts.get(name);
  }

  /** Sorted; `["root"]` for the root policy, `["deny"]` where nothing is allowed. */
  capabilities(policies: readonly string[], path: string): readonly string[] {
    if (policies.includes('root')) return ['root'];
    const matching = this.#rulesOf(policies).filter((rule) => covers(rule.path, path));
    const strongest = matching.map((rule) => rule.path).sort(byPriority)[0];
    const granted = new Set(matching.filter((rule) => rule.path === strongest).flatMap((rule) => rule.capabilities));
    return granted.size === 0 || granted.has('deny') ? ['deny'] : [...granted].sort();
  }

  /** Whether anything at all is allowed below a mount. */
  reaches(policies: readonly string[], mount: string): boolean {
    if (policies.includes('root')) return true;
    return this.#rulesOf(policies).some(
      (rule) => (rule.path.startsWith(mount) || covers(rule.path, mount)) && !rule.capabilities.includes('deny'),
    );
  }

  #rulesOf(policies: readonly string[]): readonly PathRule[] {
    return policies.flatMap((name) => this.#rules.get(name) ?? []);
  }
}

/** The part of HCL that least-rights policies need: comments, and `path` blocks with their capabilities. */
export function parsePolicy(hcl: string): readonly PathRule[] {
  const text = hcl.replace(/^\s*(#|\/\/).*$/gm, '');
  const block = /\s*path\s+"([^"]+)"\s*\{([^}]*)\}/gy;
  const rules: PathRule[] = [];
  let end = 0;
  for (let match = block.exec(text); match !== null; match = block.exec(text)) {
    rules.push({ path: match[1] ?? '', capabilities: readCapabilities(match[1] ?? '', match[2] ?? '') });
    end = block.lastIndex;
  }
  if (text.slice(end).trim() !== '') throw new PolicySyntaxError(`failed to parse policy: at offset ${end}`);
  return rules;
}

function readCapabilities(path: string, block: string): readonly string[] {
  const list = /capabilities\s*=\s*\[([^\]]*)\]/.exec(block)?.[1] ?? '';
  const names = [...list.matchAll(/"([^"]*)"/g)].map((match) => match[1] ?? '');
  const wrong = names.find((name) => !CAPABILITIES.has(name));
  if (wrong !== undefined) {
    throw new PolicySyntaxError(`failed to parse policy: path "${path}": invalid capability "${wrong}"`);
  }
  return names;
}

/** `*` at the end stands for anything, `+` for one segment. */
function covers(pattern: string, path: string): boolean {
  const isPrefix = pattern.endsWith('*');
  const segments = (isPrefix ? pattern.slice(0, -1) : pattern).split('/');
  const source = segments
    .map((segment) => (segment === '+' ? '[^/]+' : segment.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')))
    .join('/');
  return new RegExp(`^${source}${isPrefix ? '' : '$'}`).test(path);
}

/** Vault's order: a later wildcard, no glob at the end, fewer `+`, longer, and at last lexically greater wins. */
function byPriority(a: string, b: string): number {
  const firstWildcard = (path: string) => {
    const at = path.search(/\+|\*$/);
    return at === -1 ? Number.POSITIVE_INFINITY : at;
  };
  const pluses = (path: string) => path.split('/').filter((segment) => segment === '+').length;
  const [wildA, wildB] = [firstWildcard(a), firstWildcard(b)];
  if (wildA !== wildB) return wildA > wildB ? -1 : 1;
  return (
    Number(a.endsWith('*')) - Number(b.endsWith('*')) ||
    pluses(a) - pluses(b) ||
    b.length - a.length ||
    (a > b ? -1 : Number(a < b))
  );
}
