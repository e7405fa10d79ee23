import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OpenIssuer } from '../../src/issuers/deps.ts';
import { visible } from '../transport/leaks.ts';

export interface IssuerUnderContract {
  readonly issuer: OpenIssuer;
  close(): Promise<void>;
}

/** What every issuer promises (the port `Issuer`), on an instance that nobody else uses meanwhile. */
export function issuerContract(name: string, open: () => Promise<IssuerUnderContract>): void {
  describe(`issuer contract: ${name}`, () => {
    let under: IssuerUnderContract;
    let issuer: OpenIssuer;
    let count = 0;

    beforeAll(async () => {
      under = await open();
      issuer = under.issuer;
    });
    afterAll(async () => {
      await issuer.close();
      await under.close();
    });

    const description = () => `rekeyd:acme-prod/billing/${++count}/0a1b2c3d-6921e0f04d5e6f70`;

    it('issues a credential with the description unchanged', async () => {
      const wanted = description();
      const issued = await issuer.issue(wanted);
      expect(issued.description).toBe(wanted);
      expect(issued.id).not.toBe('');
      expect(issued.accessKeyId).not.toBe('');
      expect(issued.secretAccessKey.reveal()).not.toBe('');
    });

    it('shows no secret of what it issued, however that is printed', async () => {
      const issued = await issuer.issue(description());
      expect(visible(issued)).not.toContain(issued.secretAccessKey.reveal());
    });

    it('makes another credential at each issue, with the same description, too', async () => {
      const same = description();
      const [one, other] = [await issuer.issue(same), await issuer.issue(same)];
      expect(one.id).not.toBe(other.id);
      expect(one.accessKeyId).not.toBe(other.accessKeyId);
      expect(one.secretAccessKey.reveal()).not.toBe(other.secretAccessKey.reveal());
    });

    it('lists what it issued, without the secret', async () => {
      const { secretAccessKey, ...issued } = await issuer.issue(description());
      const listed = (await issuer.list()).find(({ id }) => id === issued.id);
      expect(listed).toEqual(issued);
      expect(visible(await issuer.list())).not.toContain(secretAccessKey.reveal());
    });

    it('lists a revoked credential no more, and every other one still', async () => {
      const [kept, revoked] = [await issuer.issue(description()), await issuer.issue(description())];
      const before = (await issuer.list()).map(({ id }) => id);
      await issuer.revoke(revoked.id);
      const after = (await issuer.list()).map(({ id }) => id);
      expect(after).toContain(kept.id);
      expect([...after].sort()).toEqual(before.filter((id) => id !== revoked.id).sort());
    });

    it('takes a credential that is already gone for revoked', async () => {
      const { id } = await issuer.issue(description());
      await issuer.revoke(id);
      await expect(issuer.revoke(id)).resolves.toBeUndefined();
    });

    it('issues and lists for many at the same time', async () => {
      const issued = await Promise.all(Array.from({ length: 20 }, () => issuer.issue(description())));
      const listed = new Set((await issuer.list()).map(({ id }) => id));
      for (const { id } of issued) expect(listed).toContain(id);
    });
  });
}
