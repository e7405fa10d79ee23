import { isAdoptedByName } from './adoption.ts';
import type { ApplicationView } from './outcome.ts';
import type { RotationRecord } from './record.ts';
import { livingEntries } from './revocation.ts';
import { isOldStray, isOurRecord, type Situation } from './situation.ts';

/** What may be shown of an application. */
export function viewOf(s: Situation): ApplicationView {
  const { application, record } = s;
  return {
    application: application.name,
    issuer: application.issuer,
    path: application.path,
    superseded: livingEntries(s).map((entry) => ({
      credentialId: entry.id,
      accessKeyId: entry.access_key_id,
      instance: entry.instance,
      revokeAt: entry.revoke_at === null ? null : Date.parse(entry.revoke_at),
      why: entry.why,
    })),
    // without a credential that anybody may be busy to replace, each of them counts
    strays: record?.credential ? s.strays.filter((stray) => isOldStray(s, stray)).length : s.strays.length,
    ...(record && viewOfRecord(record)),
    ...(record && !isOurRecord(s, record) && !isAdoptedByName(s, record) && { isOfAnother: true }),
  };
}

function viewOfRecord(record: RotationRecord): Partial<ApplicationView> {
  const { credential, hold } = record;
  return {
    generation: record.generation,
    ...(credential && {
      rotateAt: Date.parse(record.rotate_at),
      current: {
        credentialId: credential.id,
        accessKeyId: credential.access_key_id,
        instance: credential.instance,
        issuedAt: Date.parse(credential.issued_at),
        publishedAt: Date.parse(record.published_at),
        adopted: credential.adopted ?? false,
      },
    }),
    ...(hold && { hold: { until: Date.parse(hold.until), by: hold.by, why: hold.why } }),
  };
}
