import type { Outside } from '../outside.ts';
import type { Charge, Unfit } from '../replica.ts';
import { charges, EMPTY, HOUR, handMade, type Scenes, sceneOf } from './parts.ts';

/** For each condition before an issue a world in which what is issued could not be published, kept or recognised. */

const unfit =
  (unfit: Unfit, more: Partial<Charge> = {}, outside: Outside = EMPTY) =>
  async () =>
    sceneOf(outside, { ending: 'anyhow', charges: charges(1, { unfit, ...more }), bounds: { requests: 1 } });

export const UNFIT = {
  'namespace-unproven': unfit({ because: 'no namespace shows itself', standing: { namespace: 'unproven' } }),
  'mount-not-kv2': unfit({ because: 'the mount keeps no versions', standing: { mount: 'kv-v1' } }),
  'path-not-writable': unfit({ because: 'the token may not write', standing: { capabilities: new Set(['read']) } }),
  'lifetime-short': unfit({ because: 'Vault deletes it within the grace', standing: { lifetimeMs: HOUR } }),
  'token-short-lived': unfit({ because: 'the token does not outlive it', standing: { tokenTtlMs: 60_000 } }),
  'marker-garbled': unfit(
    { because: 'markers come back cut' },
    {},
    handMade(EMPTY, { description: 'rekeyd:acme/billing/1/' }),
  ),
  'endpoint-silent': unfit({ because: 'S3 does not answer', silent: true }),
  'quota-full': unfit({ because: 'the quota is used up' }, { quota: 1 }, handMade(EMPTY)),
} satisfies Scenes;
