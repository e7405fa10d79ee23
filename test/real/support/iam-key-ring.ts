import { randomBytes } from 'node:crypto';
import type { KeyRing, RingKey } from '../../../src/sandbox/keyring.ts';
import { type IamClient, IamError, textsOf } from './iam-client.ts';

/** A GleSYS key reaches every bucket of its instance, so its user may do everything in S3. */
const POLICY = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 's3:*', Resource: '*' }],
});

/** Keys that a real IAM makes: each has a user of its own, which goes with it. */
export class IamKeyRing implements KeyRing {
  readonly #iam: IamClient;
  readonly #keys = new Map<string, { readonly user: string; readonly secret: string }>();

  constructor(iam: IamClient) {
    this.#iam = iam;
  }

  async create(): Promise<RingKey> {
    const user = `key-${randomBytes(8).toString('hex')}`;
    await this.#iam.call('CreateUser', { UserName: user });
    await this.#iam.call('PutUserPolicy', { UserName: user, PolicyName: 's3', PolicyDocument: POLICY });
    const xml = await this.#iam.call('CreateAccessKey', { UserName: user });
    const [accessKeyId = ''] = textsOf(xml, 'AccessKeyId');
    const [secretAccessKey = ''] = textsOf(xml, 'SecretAccessKey');
    this.#keys.set(accessKeyId, { user, secret: secretAccessKey });
    return { accessKeyId, secretAccessKey };
  }

  async remove(accessKeyId: string): Promise<void> {
    const key = this.#keys.get(accessKeyId);
    if (key === undefined) return;
    // at once: whoever asks at the same moment finds it gone, as the real API would have it
    this.#keys.delete(accessKeyId);
    const { user } = key;
    await this.#iam.call('DeleteAccessKey', { UserName: user, AccessKeyId: accessKeyId });
    await this.#iam.call('DeleteUserPolicy', { UserName: user, PolicyName: 's3' });
    await this.#iam.call('DeleteUser', { UserName: user });
  }

  async secretOf(accessKeyId: string): Promise<string | undefined> {
    return this.#keys.get(accessKeyId)?.secret;
  }

  /** What the IAM itself says lives, whatever this ring believes. */
  async liveAccessKeyIds(): Promise<ReadonlySet<string>> {
    const live = new Set<string>();
    for (const user of textsOf(await this.#iam.call('ListUsers', {}), 'UserName')) {
      for (const id of await this.#keysOf(user)) live.add(id);
    }
    return live;
  }

  /** None where the user went after the users were listed: keys are revoked all the while. */
  async #keysOf(user: string): Promise<readonly string[]> {
    try {
      return textsOf(await this.#iam.call('ListAccessKeys', { UserName: user }), 'AccessKeyId');
    } catch (error) {
      if (error instanceof IamError && error.code === 'NoSuchEntity') return [];
      throw error;
    }
  }
}
