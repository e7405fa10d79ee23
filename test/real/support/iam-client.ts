import { S3Client } from '@aws-sdk/client-s3';
import { SignatureV4 } from '@smithy/signature-v4';
import { request } from 'undici';
import type { Pair } from './versitygw.ts';

/** The few calls of the AWS IAM Query API that hand out access keys, one user for each. */
export class IamClient {
  readonly #endpoint: URL;
  readonly #signer: SignatureV4;

  constructor(endpoint: string, root: Pair, region: string) {
    this.#endpoint = new URL(endpoint);
    const { sha256 } = new S3Client({ region }).config;
    this.#signer = new SignatureV4({ credentials: root, region, service: 'iam', sha256 });
  }

  /** The answer's XML. Throws on every status but 200. */
  async call(action: string, parameters: Readonly<Record<string, string>>): Promise<string> {
    const body = new URLSearchParams({ Action: action, Version: '2010-05-08', ...parameters }).toString();
    const signed = await this.#signer.sign({
      method: 'POST',
      protocol: this.#endpoint.protocol,
      hostname: this.#endpoint.hostname,
      port: Number(this.#endpoint.port),
      path: '/',
      headers: { host: this.#endpoint.host, 'content-type': 'application/x-www-form-urlencoded' },
      body,
    });
    const answer = await request(this.#endpoint, { method: 'POST', headers: signed.headers, body });
    const xml = await answer.body.text();
    if (answer.statusCode !== 200) throw new IamError(action, answer.statusCode, xml);
    return xml;
  }
}

/** What IAM refused; `code` as it names it. */
export class IamError extends Error {
  readonly code: string;

  constructor(action: string, status: number, xml: string) {
    super(`IAM answered ${status} to ${action}: ${xml}`);
    this.code = textsOf(xml, 'Code')[0] ?? '';
  }
}

/** The text of every element of that name, in order. IAM's names and keys need no unescaping. */
export function textsOf(xml: string, element: string): readonly string[] {
  return [...xml.matchAll(new RegExp(`<${element}>([^<]*)</${element}>`, 'g'))].map((match) => match[1] ?? '');
}
