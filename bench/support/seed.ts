import { createHash } from 'node:crypto';
import { RECORD_FIELD } from '../../src/policy/fields.ts';
import type { ApplicationPolicy, IssuerPolicy, Policy } from '../../src/policy/policy.ts';
import { scheduleText } from '../../src/policy/schedule.ts';
import { Secret } from '../../src/policy/secret.ts';
import { fieldsToWrite, renderFields } from '../../src/rotation/mapping.ts';
import { formatMarker, newMarker } from '../../src/rotation/marker.ts';
import { digestOf, iso, type RotationRecord, writeRecord } from '../../src/rotation/record.ts';
import type { MadeCredential } from '../../src/sandbox/glesys-account.ts';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { cryptoHex } from '../../src/system.ts';

/** When applications fall due: spread evenly between two moments (Unix ms), in the policy's order. */
export interface Seeding {
  readonly dueFrom: number;
  readonly dueTo: number;
  /** Only so many of the policy's applications, from the first; all when missing. */
  readonly count?: number;
  /** Only those of these issuers; of all when missing. */
  readonly issuers?: readonly string[];
}

/** Gives applications a credential and a record, as if rekeyd had rotated them an hour ago. Returns how many. */
export async function seed(sandbox: Sandbox, policy: Policy, seeding: Seeding): Promise<number> {
  const { count, issuers } = seeding;
  const chosen = [...policy.applications.values()].filter(({ issuer }) => issuers?.includes(issuer) ?? true);
  const applications = chosen.slice(0, count);
  const step = (seeding.dueTo - seeding.dueFrom) / Math.max(applications.length - 1, 1);
  for (const [index, application] of applications.entries()) {
    const site = policy.issuers.get(application.issuer);
    if (!site) throw new Error(`the policy has no issuer ${application.issuer}`);
    await plant(sandbox, { owner: policy.owner, application, site, rotateAt: seeding.dueFrom + index * step });
  }
  return applications.length;
}

interface Planting {
  readonly owner: string;
  readonly application: ApplicationPolicy;
  readonly site: IssuerPolicy;
  /** Unix ms. */
  readonly rotateAt: number;
}

async function plant(sandbox: Sandbox, planting: Planting): Promise<void> {
  const { owner, application, site } = planting;
  const place = placeOf(sandbox, application.path);
  const marker = newMarker({ owner, application: application.name, generation: 1, place }, ISSUED_AT, cryptoHex);
  const credential = await sandbox.account.create(site.instance, formatMarker(marker));
  const pair = { accessKeyId: credential.accessKeyId, secretAccessKey: new Secret(credential.secretAccessKey) };
  const fields = fieldsToWrite(application.fields, {});
  const ours = renderFields(fields, pair, site).reveal();
  const record = recordOf(planting, { place, credential, fields, digest: digestOf(ours, Object.keys(fields)) });
  sandbox.vaultStore.poke(application.path, { ...ours, [RECORD_FIELD]: writeRecord(record) });
}

const ISSUED_AT = Date.now() - 3_600_000;

interface Planted extends Pick<RotationRecord, 'place' | 'fields' | 'digest'> {
  readonly credential: MadeCredential;
}

function recordOf({ owner, application, site, rotateAt }: Planting, planted: Planted): RotationRecord {
  const { credential, ...members } = planted;
  return {
    v: 1,
    owner,
    application: application.name,
    generation: 1,
    by: 'bench',
    credential: {
      id: credential.id,
      access_key_id: credential.accessKeyId,
      instance: site.instance,
      issued_at: iso(ISSUED_AT),
    },
    published_at: iso(ISSUED_AT),
    rotate_at: iso(rotateAt),
    schedule: scheduleText(application.rotate),
    endpoint: site.endpoint,
    region: site.region,
    superseded: [],
    ...members,
  };
}

/** As the design says: of the Vault cluster, the namespace, the mount and the path. */
function placeOf({ vaultCore }: Sandbox, path: string): string {
  const where = JSON.stringify([vaultCore.clusterId, '', 'secret', path]);
  return createHash('sha256').update(where).digest('hex').slice(0, 8);
}
