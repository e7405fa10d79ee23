import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Scene } from '../../support/scene.ts';
import { CERTIFICATE, CERTIFICATE_KEY } from '../../transport/certificate.ts';
import { type Claims, JwtSigner } from './jwt.ts';

const REVIEWS = '/apis/authentication.k8s.io/v1/tokenreviews';
const KEYS = '/openid/v1/jwks';
const DISCOVERY = '/.well-known/openid-configuration';

export interface ServiceAccount {
  readonly namespace: string;
  readonly name: string;
}

interface TokenReview {
  readonly kind: 'TokenReview';
  readonly spec: { readonly token: string; readonly audiences?: readonly string[] };
}

/** What an API server says of a token. */
type Verdict =
  | { readonly authenticated: true; readonly user: object; readonly audiences: readonly string[] }
  | { readonly authenticated?: false; readonly error: string };

const nameOf = ({ namespace, name }: ServiceAccount): string => `system:serviceaccount:${namespace}:${name}`;

/**
 * What Vault asks of a Kubernetes API server, and no more: it gives service accounts tokens, tells those who may ask
 * (with the rights of `system:auth-delegator`) whose a token is, and everybody by which keys it signs.
 */
export class KubeApi {
  /** Also its name as an issuer, and the audience of tokens that are for itself. */
  readonly address: string;
  /** PEM of who signed its certificate. */
  readonly ca = CERTIFICATE;
  readonly #signer = new JwtSigner();
  readonly #uids = new Map<string, string>();
  readonly #withdrawn = new Set<string>();
  readonly #reviewer: ServiceAccount = { namespace: 'vault', name: 'vault-auth' };

  constructor(address: string) {
    this.address = address;
  }

  get keysUrl(): string {
    return this.address + KEYS;
  }

  /** A token of the one who may ask about others. */
  get reviewerToken(): string {
    return this.tokenFor(this.#reviewer, this.address);
  }

  /** As the kubelet puts it into a pod. `signer`: of somebody who would like to be an API server. */
  tokenFor(account: ServiceAccount, audience: string, signer = this.#signer): string {
    const { namespace, name } = account;
    const uid = this.#uidOf(nameOf(account));
    const about = { namespace, pod: { name: `${name}-0`, uid: randomUUID() }, serviceaccount: { name, uid } };
    return signer.sign({ iss: this.address, sub: nameOf(account), aud: [audience], 'kubernetes.io': about });
  }

  /** As when the pod it was bound to is gone. */
  withdraw(token: string): void {
    this.#withdrawn.add(token);
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [status, body] = await this.#answerTo(request);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  }

  async #answerTo(request: IncomingMessage): Promise<[number, object]> {
    const asked = await text(request);
    if (request.url === KEYS) return [200, this.#signer.keySet];
    if (request.url === DISCOVERY) return [200, { issuer: this.address, jwks_uri: this.keysUrl }];
    const by = this.#claimsOf(/^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '', [this.address]);
    if (!by) return refusal(401, 'Unauthorized', 'Unauthorized');
    if (by['sub'] !== nameOf(this.#reviewer)) return refusal(403, 'Forbidden', `User "${by['sub']}" may not do this`);
    if (request.method !== 'POST' || request.url !== REVIEWS) return refusal(404, 'NotFound', 'page not found');
    const review = JSON.parse(asked) as TokenReview;
    return [201, { kind: review.kind, apiVersion: 'authentication.k8s.io/v1', status: this.#judge(review) }];
  }

  #judge({ spec: { token, audiences = [this.address] } }: TokenReview): Verdict {
    const claims = this.#claimsOf(token, audiences);
    if (!claims) return { error: 'invalid bearer token' };
    const username = String(claims['sub']);
    const groups = ['system:serviceaccounts', 'system:authenticated'];
    const user = { username, uid: this.#uidOf(username), groups };
    return { authenticated: true, user, audiences: audiences.filter((one) => isFor(claims, one)) };
  }

  /** Of a token of ours that is good for one of these. */
  #claimsOf(token: string, audiences: readonly string[]): Claims | undefined {
    const claims = this.#withdrawn.has(token) ? undefined : this.#signer.read(token);
    return claims && audiences.some((audience) => isFor(claims, audience)) ? claims : undefined;
  }

  #uidOf(account: string): string {
    const uid = this.#uids.get(account) ?? randomUUID();
    this.#uids.set(account, uid);
    return uid;
  }
}

function isFor(claims: Claims, audience: string): boolean {
  return (claims['aud'] as readonly string[]).includes(audience);
}

function refusal(code: number, reason: string, message: string): [number, object] {
  return [code, { kind: 'Status', apiVersion: 'v1', status: 'Failure', message, reason, code }];
}

export async function startKubeApi(scene: Scene): Promise<KubeApi> {
  const server = createServer({ cert: CERTIFICATE, key: CERTIFICATE_KEY });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const api = new KubeApi(`https://localhost:${(server.address() as AddressInfo).port}`);
  server.on('request', (request, response) => {
    api.answer(request, response).catch((error: Error) => response.destroy(error));
  });
  scene.atEnd(async () => {
    server.closeAllConnections();
    server.close();
  });
  return api;
}
