import { Secret } from '../../policy/secret.ts';
import type { Clock, RandomHex } from '../../rotation/ports.ts';
import { cryptoHex, systemClock } from '../../system.ts';
import { type Answer, type Asked, jsonAnswer, type StandIn, type StandInAddress, serve } from '../server.ts';
import { uuid } from '../uuid.ts';
import { denied, isObject, type JsonObject, type Reply, sealed, tokenDead, tokenMissing, wrap } from './answers.ts';
import { AppRole } from './auth-approle.ts';
import { JwtAuth } from './auth-jwt.ts';
import { TokenAuth } from './auth-token.ts';
import type { Backend, VaultOperation } from './backend.ts';
import { health, sealStatus } from './health.ts';
import { Kv1 } from './kv1.ts';
import { Kv2 } from './kv2.ts';
import type { Kv2Store } from './kv2-store.ts';
import { MountTable } from './mounts.ts';
import { PolicyBook } from './policies.ts';
import { SystemBackend } from './system-backend.ts';
import { type Token, TokenStore } from './tokens.ts';

export interface VaultOptions {
  /** A free port of 127.0.0.1 when missing. */
  readonly address?: StandInAddress;
  readonly clock?: Clock;
  readonly random?: RandomHex;
}

export interface VaultStandIn extends StandIn {
  readonly vault: Vault;
  readonly rootToken: Secret;
}

/**
 * A Vault on loopback with KV v2 at `secret/` and AppRole at `auth/approle/`; more can be mounted through its API.
 * It answers as HashiCorp Vault 1.21.1 Community does, held to that by test/contract/vault-contract.ts. The method
 * LIST is the one exception, since Node's HTTP parser refuses it: use `GET …?list=true`, which Vault takes too.
 */
export async function startVault(options: VaultOptions = {}): Promise<VaultStandIn> {
  const { clock = systemClock, random = cryptoHex } = options;
  const vault = new Vault(clock, random);
  const standIn = await serve({
    address: options.address ?? { host: '127.0.0.1', port: 0 },
    clock,
    answer: (asked) => vault.answer(asked),
    wordError: (status) => jsonAnswer(status, { errors: ['the sandbox was asked to fail'] }),
  });
  const root = vault.tokens.create({ policies: ['root'], ttlMs: 0 });
  return { ...standIn, vault, rootToken: new Secret(root.id) };
}

const TOKEN_TTL_MS = 3_600_000;

/** The inside of the stand-in; tests may turn its switches directly. */
export class Vault {
  sealed = false;
  clusterId: string;
  /** Namespaces that are there: named in the path they lead to the root's mounts. Community Vault has none. */
  readonly namespaces = new Set<string>();
  readonly tokens: TokenStore;
  readonly policies = new PolicyBook();
  readonly appRole: AppRole;
  readonly #mounts = new MountTable();
  readonly #clock: Clock;
  readonly #random: RandomHex;

  constructor(clock: Clock, random: RandomHex) {
    this.#clock = clock;
    this.#random = random;
    this.clusterId = uuid(random);
    this.tokens = new TokenStore(clock, random);
    this.appRole = new AppRole(this.tokens, random);
    this.#mounts.add('sys/', this.#system());
    this.#mounts.add('auth/token/', new TokenAuth(this.tokens));
    this.#mounts.add('auth/approle/', this.appRole);
    this.#mounts.add('secret/', new Kv2(clock));
  }

  /** What the KV v2 engine at `mount` holds. Throws where there is none. */
  kv2(mount = 'secret'): Kv2Store {
    const backend = this.#mounts.get(`${mount}/`);
    if (backend instanceof Kv2) return backend.store;
    throw new Error(`no KV v2 at ${mount}/: mount it first`);
  }

  /** A token that may do what this policy says, besides what every token may. Throws `PolicySyntaxError`. */
  tokenFor(hcl: string, ttlMs = TOKEN_TTL_MS): Secret {
    const name = `made-${this.#random(4)}`;
    this.policies.set(name, hcl);
    return new Secret(this.tokens.create({ policies: ['default', name], ttlMs }).id);
  }

  /** Replaces whatever is mounted at `mount`. */
  mountKv(mount: string, version: 1 | 2): void {
    this.#mounts.remove(`${mount}/`);
    this.#mounts.add(`${mount}/`, version === 1 ? new Kv1() : new Kv2(this.#clock));
  }

  /** Mounts Kubernetes or JWT login at `auth/<mount>` and returns it, to be told whom it lets in. */
  mountJwt(type: 'kubernetes' | 'jwt', mount: string = type): JwtAuth {
    const backend = new JwtAuth(type, this.tokens);
    this.#mounts.remove(`auth/${mount}/`);
    this.#mounts.add(`auth/${mount}/`, backend);
    return backend;
  }

  answer(asked: Asked): Answer {
    if (!asked.path.startsWith('/v1/')) return jsonAnswer(404, { errors: ['404 page not found'] });
    const path = this.#withoutNamespace(asked.path.slice('/v1/'.length));
    const standing = { sealed: this.sealed, clusterId: this.clusterId, now: this.#clock.now() };
    if (path === 'sys/health') return health(standing, asked.query);
    if (path === 'sys/seal-status') return sealStatus(standing);
    const mountType = this.#mounts.route(path)?.backend.type ?? '';
    return wrap(this.#reply(asked, path), mountType, this.#random);
  }

  #withoutNamespace(path: string): string {
    const namespace = [...this.namespaces].find((one) => path.startsWith(`${one}/`));
    return namespace === undefined ? path : path.slice(namespace.length + 1);
  }

  #reply(asked: Asked, path: string): Reply {
    if (this.sealed) return sealed;
    const operation = operationOf(asked);
    if (operation === undefined) return { status: 405, errors: [] };
    if (operation === 'patch' && !asked.headers['content-type']?.startsWith('application/merge-patch+json')) {
      const given = asked.headers['content-type'] ?? '';
      return {
        status: 415,
        errors: [`PATCH requires Content-Type of application/merge-patch+json, provided ${given}`],
      };
    }
    const body = readBody(asked.body);
    if (body === undefined) return { status: 500, errors: ['the body is no JSON object'] };
    return this.#dispatch(path, operation, body, asked);
  }

  #dispatch(path: string, operation: VaultOperation, body: JsonObject, asked: Asked): Reply {
    const found = this.#mounts.route(path);
    const { query } = asked;
    if (found?.backend.isOpen(found.rest)) return found.backend.handle({ operation, path: found.rest, query, body });
    const id = String(asked.headers['x-vault-token'] ?? '');
    if (id === '') return tokenMissing;
    const token = this.tokens.find(id);
    if (token === undefined) return tokenDead;
    if (!this.#isAllowed(token, operation, path, found)) return denied;
    if (found === undefined) {
      return { status: 404, errors: [`no handler for route "${path}". route entry not found.`] };
    }
    return found.backend.handle({ operation, path: found.rest, query, body, token });
  }

  #isAllowed(token: Token, operation: VaultOperation, path: string, found: ReturnType<MountTable['route']>): boolean {
    if (found?.prefix === 'sys/' && SystemBackend.judgesItself(found.rest)) return true;
    const isNew = found?.backend.exists(found.rest) === false;
    const needed = operation === 'write' ? (isNew ? 'create' : 'update') : operation;
    const paths = operation === 'list' ? [path, `${path}/`] : [path];
    return paths.some((one) => {
      const granted = this.policies.capabilities(token.policies, one);
      return granted.includes('root') || granted.includes(needed);
    });
  }

  #system(): SystemBackend {
    return new SystemBackend({
      mounts: this.#mounts,
      policies: this.policies,
      makeBackend: (kind, type, options) => this.#makeBackend(kind, type, options),
      seal: () => {
        this.sealed = true;
      },
    });
  }

  #makeBackend(kind: 'secret' | 'auth', type: string, options: JsonObject): Backend | undefined {
    if (kind === 'secret') {
      if (type === 'kv-v2') return new Kv2(this.#clock);
      if (type !== 'kv') return undefined;
      return String(options['version'] ?? '1') === '2' ? new Kv2(this.#clock) : new Kv1();
    }
    if (type === 'approle') return new AppRole(this.tokens, this.#random);
    return type === 'kubernetes' || type === 'jwt' ? new JwtAuth(type, this.tokens) : undefined;
  }
}

function operationOf(asked: Asked): VaultOperation | undefined {
  switch (asked.method) {
    case 'GET':
      return asked.query.get('list') === 'true' ? 'list' : 'read';
    case 'PUT':
    case 'POST':
      return 'write';
    case 'PATCH':
      return 'patch';
    case 'DELETE':
      return 'delete';
    default:
      return undefined;
  }
}

/** An empty body is an empty object; `undefined`: not understood. */
function readBody(body: string): JsonObject | undefined {
  if (body === '') return {};
  try {
    const parsed: unknown = JSON.parse(body);
    return isObject(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}
