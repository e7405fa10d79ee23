import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Scene } from '../../support/scene.ts';
import { JwtSigner } from './jwt.ts';
import { type KubeApi, startKubeApi } from './kube-api.ts';
import type { Site } from './setting.ts';
import { revokeTokensOf } from './tokens.ts';
import { setUp } from './vault-setup.ts';

/** `vault.auth` of a policy file. */
export type AuthWords = Readonly<Record<string, unknown>>;

/** One way to log in, as an operator sets it up by the files of `deploy/vault`. */
export interface LoginMethod {
  /** The first time; returns what the policy file says. */
  setUp(): Promise<AuthWords>;
  /** Puts other credentials where the policy file has them, and makes the old ones and their tokens worthless. */
  replace(): Promise<void>;
}

/** The service account that the shipped files are for. */
export const ACCOUNT = { namespace: 'rekeyd', name: 'rekeyd' };
export const SUBJECT = 'spiffe://example.net/rekeyd';
export const AUDIENCE = 'vault';

/** Who vouches for rekeyd, and where its credentials are kept. */
export class LoginSite {
  readonly site: Site;
  readonly kube: KubeApi;
  /** Whose JWTs count. */
  signer = new JwtSigner();

  private constructor(site: Site, kube: KubeApi) {
    this.site = site;
    this.kube = kube;
  }

  static async open(scene: Scene, site: Site): Promise<LoginSite> {
    return new LoginSite(site, await startKubeApi(scene));
  }

  at(file: string): string {
    return join(this.site.scene.dir, file);
  }

  /** With a newline, as an editor or `kubectl create token` leaves it. */
  async put(file: string, text: string): Promise<string> {
    await writeFile(this.at(file), `${text}\n`);
    return this.at(file);
  }

  setUp(file: string, env: Readonly<Record<string, string>> = {}, ...args: readonly string[]): Promise<string> {
    return setUp(this.site, { file, args, env });
  }

  /** Every token that rekeyd has. */
  async revokeTokens(): Promise<void> {
    if ((await revokeTokensOf(this.site.vault, 'rekeyd')) === 0) throw new Error('rekeyd had no token');
  }
}

export const METHODS: Readonly<Record<string, (on: LoginSite) => LoginMethod>> = {
  token: (on) => ({
    setUp: async () => {
      await on.setUp('setup-token.sh', {}, on.at('token'));
      return { token: { file: on.at('token') } };
    },
    replace: async () => {
      const token = await readFile(on.at('token'), 'utf8');
      await on.setUp('setup-token.sh', {}, on.at('token'));
      await on.site.vault.tell('POST', 'auth/token/revoke', { token });
    },
  }),

  approle: (on) => ({
    setUp: async () => {
      await on.setUp('setup-approle.sh');
      await on.setUp('approle-credentials.sh', {}, on.at('.'));
      return { role_id: { file: on.at('role-id') }, secret_id: { file: on.at('secret-id') } };
    },
    replace: async () => {
      const secret_id = await readFile(on.at('secret-id'), 'utf8');
      await on.setUp('approle-credentials.sh', {}, on.at('.'));
      await on.site.vault.tell('POST', 'auth/approle/role/rekeyd/secret-id/destroy', { secret_id });
      await on.revokeTokens();
    },
  }),

  kubernetes: (on) => ({
    setUp: async () => {
      await on.setUp('setup-kubernetes.sh', {
        KUBERNETES_HOST: on.kube.address,
        KUBERNETES_CA_FILE: await on.put('kubernetes-ca', on.kube.ca),
        KUBERNETES_REVIEWER_FILE: await on.put('reviewer', on.kube.reviewerToken),
      });
      const token = on.kube.tokenFor(ACCOUNT, AUDIENCE);
      return { role: 'rekeyd', jwt: { file: await on.put('service-account', token) } };
    },
    replace: async () => {
      const token = await readFile(on.at('service-account'), 'utf8');
      await on.put('service-account', on.kube.tokenFor(ACCOUNT, AUDIENCE));
      on.kube.withdraw(token.trimEnd());
      await on.revokeTokens();
    },
  }),

  jwt: (on) => {
    const trust = async () =>
      on.setUp('setup-jwt.sh', {
        REKEYD_JWT_SUBJECT: SUBJECT,
        JWT_PUBLIC_KEY_FILE: await on.put('public-key', on.signer.publicKey),
      });
    const jwt = () => on.put('jwt', on.signer.sign({ sub: SUBJECT, aud: AUDIENCE }));
    return {
      setUp: async () => {
        await trust();
        return { role: 'rekeyd', jwt: { file: await jwt() } };
      },
      replace: async () => {
        on.signer = new JwtSigner();
        await jwt();
        await trust();
        await on.revokeTokens();
      },
    };
  },
};
