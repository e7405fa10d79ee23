import { denied, invalid, isObject, type JsonObject, notFound, nothing, type Reply, tokenMissing } from './answers.ts';
import { unsupported } from './auth-roles.ts';
import type { Backend, VaultRequest } from './backend.ts';
import type { MountTable } from './mounts.ts';
import { type PolicyBook, PolicySyntaxError } from './policies.ts';
import type { Token } from './tokens.ts';

export interface SystemParts {
  readonly mounts: MountTable;
  readonly policies: PolicyBook;
  /** Makes what `type` names, with the options of the request; `undefined`: no such plugin. */
  readonly makeBackend: (kind: 'secret' | 'auth', type: string, options: JsonObject) => Backend | undefined;
  readonly seal: () => void;
}

const UI_MOUNTS = 'internal/ui/mounts/';

/** `sys/`, as far as a client of KV v2 and those who set one up need it. */
export class SystemBackend implements Backend {
  readonly type = 'system';
  readonly options = null;
  readonly #parts: SystemParts;

  constructor(parts: SystemParts) {
    this.#parts = parts;
  }

  handle(request: VaultRequest): Reply {
    const { path, body, token } = request;
    if (path === 'capabilities-self') return this.#capabilities(body, token);
    if (path.startsWith(UI_MOUNTS)) return this.#uiMount(path.slice(UI_MOUNTS.length), token);
    if (path === 'seal') {
      this.#parts.seal();
      return nothing;
    }
    const [, kind, name] = /^(mounts|auth|policies\/acl)\/(.+?)\/?$/.exec(path) ?? [];
    if (kind === undefined || name === undefined) {
      return { status: 404, errors: ['1 error occurred:\n\t* unsupported path\n\n'] };
    }
    if (kind === 'policies/acl') return this.#policy(name, request);
    return this.#mount(kind === 'auth' ? 'auth' : 'secret', name, request);
  }

  exists(): boolean {
    return true;
  }

  isOpen(): boolean {
    return false;
  }

  /** Whether Vault asks the policies at all: what it checks by itself needs no rule. */
  static judgesItself(path: string): boolean {
    return path.startsWith(UI_MOUNTS);
  }

  #capabilities(body: JsonObject, token: Token | undefined): Reply {
    if (token === undefined) return tokenMissing;
    const wanted = body['paths'] ?? body['path'];
    const paths = (Array.isArray(wanted) ? wanted : [wanted]).map(String);
    if (wanted === undefined) return invalid('paths must be supplied');
    const found = paths.map((path) => [path, this.#parts.policies.capabilities(token.policies, path)] as const);
    const single = found.length === 1 ? { capabilities: found[0]?.[1] } : {};
    const data = { ...single, ...Object.fromEntries(found) };
    return { data, beside: data };
  }

  #uiMount(path: string, token: Token | undefined): Reply {
    const found = this.#parts.mounts.route(path);
    if (token === undefined) return tokenMissing;
    if (found === undefined || !this.#parts.policies.reaches(token.policies, found.prefix)) {
      const reason = `preflight capability check returned 403, please ensure client's policies grant access to path "${path}/"`;
      return { ...denied, errors: [reason] };
    }
    const { backend, prefix } = found;
    return { data: { type: backend.type, options: backend.options, path: prefix, description: '' } };
  }

  #policy(name: string, { operation, body }: VaultRequest): Reply {
    const { policies } = this.#parts;
    const text = policies.text(name);
    if (operation === 'read') return text === undefined ? notFound : { data: { name, policy: text } };
    if (operation === 'delete') policies.delete(name);
    else if (operation !== 'write') return unsupported;
    else return this.#setPolicy(name, String(body['policy'] ?? ''));
    return nothing;
  }

  #setPolicy(name: string, text: string): Reply {
    try {
      this.#parts.policies.set(name, text);
      return nothing;
    } catch (error) {
      if (error instanceof PolicySyntaxError) return invalid(error.message);
      throw error;
    }
  }

  #mount(kind: 'secret' | 'auth', name: string, { operation, body }: VaultRequest): Reply {
    const prefix = kind === 'auth' ? `auth/${name}/` : `${name}/`;
    const { mounts } = this.#parts;
    if (operation === 'delete') {
      mounts.remove(prefix);
      return nothing;
    }
    if (operation !== 'write') return unsupported;
    const options = isObject(body['options']) ? body['options'] : {};
    const backend = this.#parts.makeBackend(kind, String(body['type']), options);
    if (backend === undefined) return invalid(`plugin not found in the catalog: ${body['type']}`);
    return mounts.add(prefix, backend) ? nothing : invalid(`path is already in use at ${prefix}`);
  }
}
