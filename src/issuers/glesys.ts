import { z } from 'zod';
import type { IssuerPolicy } from '../policy/policy.ts';
import { Secret, type SecretSource } from '../policy/secret.ts';
import { PortError } from '../rotation/errors.ts';
import type { IssuedCredential, ListedCredential } from '../rotation/ports.ts';
import type { Rule, Timeouts } from '../transport/call.ts';
import { readSecret } from '../transport/secrets.ts';
import { type ByHand, Server } from '../transport/server.ts';
import type { IssuerDeps, OpenIssuer } from './deps.ts';
import { credentialOf, listAnswerOf, listed, readList, text } from './glesys-list.ts';
import { CREATION_RULES, GLESYS, REVOCATION_RULES } from './glesys-manner.ts';

/** Making a credential may take the API some time; giving up early would leave it behind as a stray. */
const TIMEOUTS: Timeouts = { connect: 10_000, answer: 45_000 };

const issuedAnswer = z.object({
  response: z.object({
    credential: listed.extend({ secretkey: text.transform((secret) => new Secret(secret)) }),
  }),
});
const deletedAnswer = z.object({ response: z.object({}) });

/** Issues on one GleSYS Object Storage instance. */
export function openGlesys(policy: IssuerPolicy, deps: IssuerDeps): OpenIssuer {
  return new Glesys(policy, deps);
}

interface GlesysCall {
  readonly attempted: string;
  readonly action: 'createcredential' | 'deletecredential' | 'instancedetails';
  readonly input: Readonly<Record<string, string>>;
  readonly rules?: readonly Rule[];
}

class Glesys implements OpenIssuer {
  readonly name: string;
  readonly instance: string;
  readonly #project: string;
  readonly #apiKey: SecretSource;
  readonly #server: Server;
  #known: Secret | undefined;

  constructor(policy: IssuerPolicy, deps: IssuerDeps) {
    this.name = policy.name;
    this.instance = policy.instance;
    this.#project = policy.project;
    this.#apiKey = deps.secretOf(policy.apiKey);
    const { timeouts = TIMEOUTS, traffic } = deps;
    this.#server = new Server({ base: policy.api, manner: GLESYS, timeouts, ...(traffic && { traffic }) });
  }

  async issue(description: string): Promise<IssuedCredential> {
    const attempted = `create a credential on ${this.instance}`;
    const input = { instanceid: this.instance, description };
    const answer = await this.#ask(
      { attempted, action: 'createcredential', input, rules: CREATION_RULES },
      issuedAnswer,
    );
    const { credential } = answer.response;
    return { ...credentialOf(credential), secretAccessKey: credential.secretkey };
  }

  async list(): Promise<readonly ListedCredential[]> {
    const attempted = `list the credentials of ${this.instance}`;
    const input = { instanceid: this.instance };
    return this.#ask({ attempted, action: 'instancedetails', input }, listAnswerOf(this.instance), (json) =>
      readList(json, this.instance),
    );
  }

  async revoke(credentialId: string): Promise<void> {
    const attempted = `revoke the credential ${credentialId} on ${this.instance}`;
    const input = { instanceid: this.instance, credentialid: credentialId };
    try {
      await this.#ask({ attempted, action: 'deletecredential', input, rules: REVOCATION_RULES }, deletedAnswer);
    } catch (error) {
      if (!isAboutRequest(error) || !(await this.#isGone(credentialId))) throw error;
    }
  }

  close(): Promise<void> {
    return this.#server.close();
  }

  /** The API has no stable word for "no such credential"; whether it is there, its list tells. */
  async #isGone(credentialId: string): Promise<boolean> {
    const credentials = await this.list();
    return !credentials.some((credential) => credential.id === credentialId);
  }

  /** After a 401, which is a definite no, the key is read again; with another key the call is made once more. */
  async #ask<T>(call: GlesysCall, schema: z.ZodType<T>, byHand?: ByHand<T>): Promise<T> {
    const key = this.#known ?? (await readSecret(this.#apiKey, call.attempted));
    this.#known = key;
    try {
      return await this.#askWith(key, call, schema, byHand);
    } catch (error) {
      if (!(error instanceof PortError) || error.code !== 'issuer-unauthorized') throw error;
      const other = await readSecret(this.#apiKey, call.attempted);
      if (other.reveal() === key.reveal()) throw error;
      this.#known = other;
      return this.#askWith(other, call, schema, byHand);
    }
  }

  #askWith<T>(key: Secret, call: GlesysCall, schema: z.ZodType<T>, byHand?: ByHand<T>): Promise<T> {
    const { attempted, action, input, rules = [] } = call;
    const basic = Buffer.from(`${this.#project}:${key.reveal()}`).toString('base64');
    return this.#server.ask(
      {
        attempted,
        method: 'POST',
        path: `/objectstorage/${action}`,
        headers: { authorization: `Basic ${basic}` },
        body: input,
        rules,
        secrets: [key, new Secret(basic)],
      },
      schema,
      byHand,
    );
  }
}

/** A no that is about this credential or instance, not about us. */
function isAboutRequest(error: unknown): boolean {
  return error instanceof PortError && error.kind === 'rejected' && error.concerns === 'request';
}
