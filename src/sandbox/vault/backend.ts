import type { JsonObject, Reply } from './answers.ts';
import type { Token } from './tokens.ts';

/** `write` becomes `create` or `update` by whether the path exists already. */
export type VaultOperation = 'read' | 'list' | 'write' | 'patch' | 'delete';

/** A request as a mount sees it: `path` is below the mount. */
export interface VaultRequest {
  readonly operation: VaultOperation;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: JsonObject;
  /** Missing only where no token is needed. */
  readonly token?: Token;
}

/** What is mounted somewhere in the stand-in. */
export interface Backend {
  readonly type: string;
  readonly options: JsonObject | null;
  handle(request: VaultRequest): Reply;
  /** Whether a write to this path needs `update` rather than `create`. */
  exists(path: string): boolean;
  /** Whether a path is served without a token, as logins are. */
  isOpen(path: string): boolean;
}
