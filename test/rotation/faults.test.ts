import { afterEach, expect, test } from 'vitest';
import type { ApplicationPolicy } from '../../src/policy/policy.ts';
import { Secret } from '../../src/policy/secret.ts';
import type { Outcome } from '../../src/rotation/outcome.ts';
import { Board } from '../../src/telemetry/board.ts';
import { Metrics } from '../../src/telemetry/metrics.ts';
import { snapshotOf } from '../../src/telemetry/snapshot.ts';
import { DAY, HOUR, type Replica, Stage, type StageOptions } from '../support/stage.ts';

/**
 * What goes wrong outside, each with what a person then sees, and how it becomes well again. In each case the
 * application rotated once before, unless `isNew`, and a credential that somebody made by hand stands beside it.
 */
interface FaultCase {
  readonly what: string;
  readonly kind: 'refused' | 'blocked' | 'failed';
  readonly code: string;
  readonly isNew?: boolean;
  /** Breaks it; what it returns differs in the policy of the process that meets it. */
  readonly breakIt: (stage: Stage) => StageOptions | undefined | Promise<StageOptions | undefined>;
  /** What a person does elsewhere. */
  readonly mend?: (stage: Stage) => void;
  /** Whether the policy has to be put right too. */
  readonly mendsPolicy?: boolean;
  /** What was issued and could not be recognised is left to a person. */
  readonly leavesOne?: boolean;
  /** It needs a new process. */
  readonly mendsByRestart?: boolean;
  /** The refusal's own way out: `rekeyd rotate --despite`. */
  readonly isLifted?: boolean;
}

const billing = (more: Partial<ApplicationPolicy>): StageOptions => ({ applications: { billing: more } });
const copyRecord = (stage: Stage, change: object) => {
  stage.handWrite({ ...stage.secret(), rekeyd: JSON.stringify({ ...stage.record(), ...change }) });
};

const CASES: readonly FaultCase[] = [
  {
    what: 'a wrong API key',
    kind: 'failed',
    code: 'issuer-unauthorized',
    breakIt: () => ({ issuer: { apiKey: { made: new Secret('wrong') } } }),
    mendsPolicy: true,
  },
  {
    what: 'a wrong instance, for a new application',
    kind: 'failed',
    code: 'instance-unknown',
    isNew: true,
    breakIt: () => ({ issuer: { instance: 'os-wrong' } }),
    mendsPolicy: true,
  },
  {
    what: 'a wrong instance, for an application that has a credential',
    kind: 'refused',
    code: 'instance-changed',
    breakIt: (stage) => ({ issuer: { instance: stage.glesys.account.addInstance() } }),
    mendsPolicy: true,
  },
  {
    what: 'a Vault token that may only read',
    kind: 'blocked',
    code: 'path-not-writable',
    breakIt: (stage) => tokenFor(stage, 'path "secret/data/*" { capabilities = ["read"] }'),
    mendsPolicy: true,
  },
  {
    what: 'a Vault token without any right on the path',
    kind: 'failed',
    code: 'vault-permission-denied',
    breakIt: (stage) => tokenFor(stage, 'path "other/*" { capabilities = ["read"] }'),
    mendsPolicy: true,
  },
  {
    what: 'a KV version 1 mount',
    kind: 'blocked',
    code: 'mount-not-kv2',
    isNew: true,
    breakIt: (stage) => {
      stage.vault.vault.mountKv('old', 1);
      return { vault: { mount: 'old' } };
    },
    mendsPolicy: true,
  },
  {
    what: 'a sealed Vault',
    kind: 'failed',
    code: 'vault-sealed',
    breakIt: (stage) => {
      stage.vault.vault.sealed = true;
    },
    mend: (stage) => {
      stage.vault.vault.sealed = false;
    },
  },
  {
    what: 'a namespace on a Vault without namespaces',
    kind: 'blocked',
    code: 'namespace-unproven',
    isNew: true,
    breakIt: () => ({ vault: { namespace: 'team-a' } }),
    mendsPolicy: true,
  },
  {
    what: 'a delete_version_after that leaves no room for the grace',
    kind: 'blocked',
    code: 'lifetime-short',
    isNew: true,
    breakIt: (stage) => {
      stage.vault.vault.kv2().config.deleteAfterMs = 2 * DAY - HOUR;
    },
    mend: (stage) => {
      stage.vault.vault.kv2().config.deleteAfterMs = 0;
    },
  },
  {
    what: 'a quota that is full by the policy',
    kind: 'blocked',
    code: 'quota-full',
    breakIt: () => ({ limits: { credentials: 2 } }),
    mendsPolicy: true,
  },
  {
    what: 'a quota that is full by the issuer',
    kind: 'failed',
    code: 'quota-full',
    breakIt: (stage) => {
      stage.glesys.account.quota = 2;
    },
    mend: (stage) => {
      stage.glesys.account.quota = 10;
    },
  },
  {
    what: 'an issuer that answers HTML',
    kind: 'failed',
    code: 'issuer-bad-answer',
    breakIt: (stage) => stage.glesys.faults.add({ fault: 'html' }) as undefined,
    mend: (stage) => stage.glesys.faults.clear(),
  },
  {
    what: 'an issuer that answers half a body',
    kind: 'failed',
    code: 'issuer-unanswered',
    breakIt: (stage) => stage.glesys.faults.add({ fault: 'half', path: '/objectstorage/instancedetails' }) as undefined,
    mend: (stage) => stage.glesys.faults.clear(),
  },
  {
    what: 'an issuer that is overloaded',
    kind: 'failed',
    code: 'issuer-rate-limited',
    breakIt: (stage) => stage.glesys.faults.add({ fault: 'status', status: 429 }) as undefined,
    mend: (stage) => stage.glesys.faults.clear(),
  },
  {
    what: 'an S3 endpoint that does not answer',
    kind: 'blocked',
    code: 'endpoint-silent',
    breakIt: (stage) => stage.s3.faults.add({ fault: 'status', status: 503 }) as undefined,
    mend: (stage) => stage.s3.faults.clear(),
  },
  {
    what: 'a key that never works',
    kind: 'failed',
    code: 'verification-failed',
    breakIt: (stage) => {
      stage.keys.worksAfterMs = Number.POSITIVE_INFINITY;
    },
    mend: (stage) => {
      stage.keys.worksAfterMs = 0;
    },
  },
  {
    what: 'a bucket that is not there',
    kind: 'failed',
    code: 'verification-failed',
    breakIt: () => billing({ verify: { timeoutMs: 1000, successes: 1, buckets: ['no-such-bucket'] } }),
    mendsPolicy: true,
  },
  {
    what: 'an issuer that changes descriptions',
    kind: 'failed',
    code: 'description-changed',
    leavesOne: true,
    mendsByRestart: true,
    breakIt: (stage) => {
      stage.glesys.account.rewriteDescription = (description) => description.toUpperCase();
    },
    mend: (stage) => {
      stage.glesys.account.rewriteDescription = (description) => description;
    },
  },
  {
    what: 'a path that somebody else uses',
    kind: 'refused',
    code: 'unmanaged',
    isNew: true,
    breakIt: (stage) => stage.handWrite({ access_key_id: 'AKIAHAND', secret_access_key: 'hand' }) as undefined,
    isLifted: true,
  },
  {
    what: 'a path that belongs to another application',
    kind: 'refused',
    code: 'not-ours',
    breakIt: (stage) => copyRecord(stage, { application: 'other' }) as undefined,
    isLifted: true,
  },
  {
    what: 'a secret that was edited by hand',
    kind: 'refused',
    code: 'edited',
    breakIt: (stage) => stage.handWrite({ ...stage.secret(), secret_access_key: 'edited' }) as undefined,
    isLifted: true,
  },
  {
    what: 'a secret that was deleted by hand',
    kind: 'refused',
    code: 'deleted',
    breakIt: (stage) => stage.vault.vault.kv2().delete('apps/billing', [1]) as undefined,
    isLifted: true,
  },
  {
    what: 'a secret that was deleted by hand and brought back',
    kind: 'refused',
    code: 'deleted',
    breakIt: (stage) => stage.vault.vault.kv2().delete('apps/billing', [1]) as undefined,
    mend: (stage) => stage.vault.vault.kv2().undelete('apps/billing', [1]),
  },
  {
    what: 'a secret that was copied to another path',
    kind: 'refused',
    code: 'copied',
    breakIt: (stage) => {
      stage.vault.vault.kv2().poke('apps/copy', stage.secret() as never);
      return billing({ path: 'apps/copy' });
    },
    mendsPolicy: true,
  },
  {
    what: 'a record that is broken',
    kind: 'refused',
    code: 'record-unreadable',
    breakIt: (stage) => stage.handWrite({ ...stage.secret(), rekeyd: 'broken' }) as undefined,
    mend: (stage) => {
      const first = stage.vault.vault.kv2().entry('apps/billing')?.versions.get(1)?.data;
      stage.handWrite({ ...first });
    },
  },
];

let stage: Stage | undefined;
afterEach(() => stage?.close());

test.each(CASES)('$what: $code, $kind; nothing is lost or touched, and it becomes well again', async (fault) => {
  stage = await Stage.open();
  const byHand = await stage.glesys.account.create(stage.instance, 'made by hand');
  if (!fault.isNew) await stage.replica().settle();
  const before = stage.live().map(({ id }) => id);
  const change = (await fault.breakIt(stage)) ?? {};
  stage.clock.advance(fault.isNew ? 0 : 30 * DAY);

  const broken = stage.replica('replica-2', change);
  const outcome = await broken.settle();
  expect(outcome.trouble).toMatchObject({ kind: fault.kind, code: fault.code });
  expect(outcome.trouble?.remedy).toMatch(/\w{3}/);
  await expectShown(broken, outcome);
  const live = stage.live().map(({ id }) => id);
  expect(fault.leavesOne ? live.slice(0, -1) : live).toEqual(before);

  fault.mend?.(stage);
  stage.clock.advance(HOUR);
  const needsNew = fault.mendsPolicy || fault.mendsByRestart;
  const mended = needsNew ? stage.replica('replica-3', fault.mendsPolicy ? {} : change) : broken;
  const request = fault.isLifted ? { rotate: true, despite: [fault.code] } : undefined;
  const healed = await mended.settle('billing', request);
  expect(healed.trouble).toBeUndefined();
  expect(stage.works()).toBe(true);
  expect(stage.live().map(({ id }) => id)).toContain(byHand.id);
});

/** Metrics and status tell of it. */
async function expectShown({ parts }: Replica, outcome: Outcome): Promise<void> {
  const now = parts.options.clock.now();
  const board = new Board(parts.policy.applications);
  board.record(outcome, now);
  const entry = board.entry('billing', now);
  expect(entry && snapshotOf(entry).trouble).toMatchObject({ code: outcome.trouble?.code });
  const metrics = new Metrics({
    board,
    now: () => now,
    issuers: parts.policy.issuers,
    circuits: () => [],
    effectiveResyncMs: () => 0,
    version: '0',
  });
  expect(await metrics.render()).toContain(`code="${outcome.trouble?.code}"`);
}

function tokenFor(on: Stage, hcl: string): StageOptions {
  return { vault: { auth: { method: 'token', token: { made: on.vault.vault.tokenFor(hcl, 100 * DAY) } } } };
}
