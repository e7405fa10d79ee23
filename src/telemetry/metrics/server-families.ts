import { type Census, CREDENTIAL_KINDS } from '../census.ts';
import { type Family, type Sample, sampled } from './family.ts';
import type { MetricsSources } from './sources.ts';

/** What was noted of the servers as it came by. Times are Unix ms. */
export interface Noted {
  /** By issuer. */
  readonly lists: ReadonlyMap<string, { readonly at: number; readonly census: Census }>;
  /** By server: when the certificate that it showed last runs out. */
  readonly certificates: ReadonlyMap<string, number>;
}

/** What there is of issuers, Vault and S3. */
export function serverFamilies(sources: MetricsSources, noted: Noted): readonly Family[] {
  return [...issuerFamilies(sources, noted), ...healthFamilies(sources, noted), ...tokenFamilies(sources)];
}

function issuerFamilies({ issuers }: MetricsSources, { lists }: Noted): readonly Family[] {
  // an issuer that the policy no longer names is nobody's business
  const listed = () => [...lists].filter(([issuer]) => issuers.has(issuer));
  const type = 'gauge';
  return [
    sampled(
      {
        name: 'rekeyd_issuer_credentials',
        help: 'Credentials on the instance at the last list: ours, unclaimed (ours, but of no application of the policy) and foreign.',
        type,
      },
      () =>
        listed().flatMap(([issuer, { census }]) =>
          CREDENTIAL_KINDS.map((kind): Sample => [{ issuer, kind }, census[kind]]),
        ),
    ),
    sampled(
      {
        name: 'rekeyd_issuer_listed_timestamp_seconds',
        help: 'When the credentials on the instance were last listed (Unix time).',
        type,
      },
      () => listed().map(([issuer, { at }]) => [{ issuer }, at / 1_000]),
    ),
    sampled(
      { name: 'rekeyd_issuer_credentials_limit', help: "The instance's quota, where the policy names one.", type },
      () =>
        [...issuers].flatMap(([issuer, { limits }]): Sample[] =>
          limits.credentials === undefined ? [] : [[{ issuer }, limits.credentials]],
        ),
    ),
  ];
}

function healthFamilies({ circuits }: MetricsSources, { certificates }: Noted): readonly Family[] {
  const type = 'gauge';
  return [
    sampled(
      { name: 'rekeyd_circuit_open', help: '1 while a server is only probed because it fails for everybody.', type },
      () => circuits().map(({ server, isOpen }) => [{ server }, Number(isOpen)]),
    ),
    sampled(
      {
        name: 'rekeyd_certificate_expiry_timestamp_seconds',
        help: 'When the certificate that a server showed last runs out (Unix time).',
        type,
      },
      () => [...certificates].map(([server, expiresAt]) => [{ server }, expiresAt / 1_000]),
    ),
  ];
}

function tokenFamilies({ tokenStanding }: MetricsSources): readonly Family[] {
  if (!tokenStanding) return [];
  const type = 'gauge';
  return [
    sampled(
      {
        name: 'rekeyd_vault_token_expiry_timestamp_seconds',
        help: "When rekeyd's token for Vault runs out (Unix time); it is renewed long before, where it can be.",
        type,
      },
      () => seconds(tokenStanding().expiresAt),
    ),
    sampled(
      { name: 'rekeyd_vault_token_lifetime_seconds', help: 'How long that token had to live when it was new.', type },
      () => seconds(tokenStanding().lifetimeMs),
    ),
    sampled(
      {
        name: 'rekeyd_vault_login_failing',
        help: '1 while the last login to Vault, or the last renewal of the token, failed.',
        type,
      },
      () => [[{}, Number(tokenStanding().problem !== undefined)]],
    ),
  ];
}

/** Nothing where it is unknown or never comes. */
function seconds(ms: number | undefined): Sample[] {
  return ms === undefined || !Number.isFinite(ms) ? [] : [[{}, ms / 1_000]];
}
