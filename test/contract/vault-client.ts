/** What a Vault answered. */
export interface Said {
  readonly status: number;
  readonly headers: Headers;
  /** `undefined` for an empty body. */
  readonly body: VaultBody | undefined;
}

/** Vault's envelope, as loosely as tests look at it. */
export interface VaultBody {
  readonly errors?: readonly string[];
  readonly data?: Fields | null;
  readonly auth?: Fields | null;
  readonly [key: string]: unknown;
}

export type Fields = { readonly [key: string]: unknown };

/** Plain HTTP: the contract must not depend on the client that it is the ground of. */
export class PlainVault {
  readonly address: string;
  readonly token: string | undefined;

  constructor(address: string, token?: string) {
    this.address = address;
    this.token = token;
  }

  as(token: string | undefined): PlainVault {
    return new PlainVault(this.address, token);
  }

  async ask(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Said> {
    const response = await fetch(`${this.address}/v1/${path}`, {
      method,
      headers: {
        ...(this.token === undefined ? {} : { 'x-vault-token': this.token }),
        ...(method === 'PATCH' ? { 'content-type': 'application/merge-patch+json' } : {}),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text === '' ? undefined : JSON.parse(text) };
  }

  get = (path: string, headers?: Record<string, string>): Promise<Said> => this.ask('GET', path, undefined, headers);
  put = (path: string, body: unknown): Promise<Said> => this.ask('PUT', path, body);
  post = (path: string, body: unknown = {}): Promise<Said> => this.ask('POST', path, body);
  patch = (path: string, body: unknown): Promise<Said> => this.ask('PATCH', path, body);
  delete = (path: string): Promise<Said> => this.ask('DELETE', path);

  /** For setting things up: fails loudly. */
  async must(method: string, path: string, body?: unknown): Promise<Said> {
    const said = await this.ask(method, path, body);
    if (said.status >= 300) throw new Error(`${method} ${path}: ${said.status} ${JSON.stringify(said.body)}`);
    return said;
  }
}

/** Asks again until it is so; the test's own time-out ends it. */
export async function until(ask: () => Promise<Said>, isSo: (said: Said) => boolean): Promise<Said> {
  for (;;) {
    const said = await ask();
    if (isSo(said)) return said;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
