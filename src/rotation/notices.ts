import { mappingDiffers, mayBeRewritten, scheduleDiffers } from './drift.ts';
import type { Problem } from './errors.ts';
import { livingEntries, withheld } from './revocation.ts';
import { clocksDisagree, type Situation } from './situation.ts';

/** Something a person should know of that is no refusal by itself. */
interface Notice {
  readonly code: string;
  readonly test: (s: Situation) => string | undefined;
  readonly remedy: string;
}

export const NOTICES: readonly Notice[] = [
  {
    code: 'clocks-disagree',
    test: (s) =>
      clocksDisagree(s)
        ? `this machine's clock and Vault's are ${Math.round(s.clocksApartMs / 1000)} s apart: no revocation, no scheduled rotation`
        : undefined,
    remedy: 'Set the clocks (NTP). Everything goes on by itself once they agree within a minute.',
  },
  {
    code: 'list-distrusted',
    test: ({ observation: { current, instance } }) =>
      current.is === 'unlisted' ? `the list of ${instance} lacks the current credential, but S3 accepts it` : undefined,
    remedy:
      'The issuer shows an incomplete list. Nothing scheduled happens until it is whole; ask the issuer if it stays.',
  },
  {
    code: 'current-uncertain',
    test: ({ observation: { current, instance } }) =>
      current.is === 'uncertain'
        ? `whether the current credential lives on ${instance} is unknown: ${current.detail}`
        : undefined,
    remedy: 'It is tried again at the next look. If it stays, try the secret by hand; rekeyd rotate makes a new one.',
  },
  {
    code: 'policies-disagree',
    test: (s) => {
      // a retired record maps nothing, whatever anybody's policy says
      if (!s.record?.credential || mayBeRewritten(s)) return undefined;
      if (!mappingDiffers(s, s.record) && !scheduleDiffers(s, s.record)) return undefined;
      return `${s.record.by} wrote last, with other fields, another endpoint or another schedule than this policy's`;
    },
    remedy: 'Two replicas run with different policies. Give all the same one; the newest process then rewrites it.',
  },
  {
    code: 'adopted-still-live',
    test: (s) => stillLive(s, 'adopted'),
    remedy:
      'It was not issued for this application at this place, so others may use it. Revoke it (rekeyd revoke ISSUER ACCESS_KEY_ID) when nobody does.',
  },
  {
    code: 'behind-still-live',
    test: (s) => stillLive(s, 'behind'),
    remedy:
      'They are from beyond the backup that Vault was restored from. Revoke them (rekeyd revoke ISSUER ACCESS_KEY_ID) when nobody uses them.',
  },
];

export function noticesOf(s: Situation): readonly Problem[] {
  const own = NOTICES.flatMap(({ code, test, remedy }) => {
    const reason = test(s);
    return reason === undefined ? [] : [{ code, reason, remedy }];
  });
  return [...own, ...withheld(s)];
}

function stillLive(s: Situation, why: 'adopted' | 'behind'): string | undefined {
  const keys = livingEntries(s).filter((entry) => entry.revoke_at === null && entry.why === why);
  return keys.length > 0 ? `still live: ${keys.map((entry) => entry.access_key_id).join(', ')}` : undefined;
}
