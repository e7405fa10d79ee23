import { createVerify, generateKeyPairSync, randomUUID, sign } from 'node:crypto';

/** What a JWT says; times are Unix seconds. */
export type Claims = Readonly<Record<string, unknown>>;

const LIFE_S = 600;

const encoded = (part: unknown): string => Buffer.from(JSON.stringify(part)).toString('base64url');

/** Keys of this run alone, and JWTs signed with them: RS256, as API servers and most others sign. */
export class JwtSigner {
  readonly #keys = generateKeyPairSync('rsa', { modulusLength: 2048 });

  /** PEM. */
  get publicKey(): string {
    return this.#keys.publicKey.export({ type: 'spki', format: 'pem' }).toString();
  }

  /** The same as it is published, RFC 7517. */
  get keySet(): object {
    return { keys: [{ ...this.#keys.publicKey.export({ format: 'jwk' }), alg: 'RS256', use: 'sig' }] };
  }

  /** Good for ten minutes, as the kubelet asks for it; no two are the same. */
  sign(claims: Claims): string {
    const now = Math.floor(Date.now() / 1_000);
    const all = { iat: now, nbf: now, exp: now + LIFE_S, jti: randomUUID(), ...claims };
    const text = `${encoded({ alg: 'RS256', typ: 'JWT' })}.${encoded(all)}`;
    return `${text}.${sign('RSA-SHA256', Buffer.from(text), this.#keys.privateKey).toString('base64url')}`;
  }

  /** What it says; `undefined`: not signed with these keys, or past its time. */
  read(jwt: string): Claims | undefined {
    const [head = '', body = '', signature = ''] = jwt.split('.');
    const check = createVerify('RSA-SHA256').update(`${head}.${body}`);
    if (!check.verify(this.#keys.publicKey, Buffer.from(signature, 'base64url'))) return undefined;
    const claims = JSON.parse(Buffer.from(body, 'base64url').toString('utf8')) as Claims;
    return Number(claims['exp']) * 1_000 > Date.now() ? claims : undefined;
  }
}
