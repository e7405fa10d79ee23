import { type Answer, jsonAnswer } from '../server.ts';

/** The version whose answers the stand-in gives. */
const VERSION = '1.21.1';

export interface Standing {
  readonly sealed: boolean;
  readonly clusterId: string;
  /** Unix ms. */
  readonly now: number;
}

/** `sys/health`, for everybody. A sealed Vault does not know its cluster. */
export function health({ sealed, clusterId, now }: Standing, query: URLSearchParams): Answer {
  const status = sealed ? Number(query.get('sealedcode') ?? 503) : Number(query.get('activecode') ?? 200);
  return jsonAnswer(status, {
    initialized: true,
    sealed,
    standby: sealed,
    performance_standby: false,
    replication_performance_mode: sealed ? 'unknown' : 'disabled',
    replication_dr_mode: sealed ? 'unknown' : 'disabled',
    server_time_utc: Math.floor(now / 1000),
    version: VERSION,
    enterprise: false,
    ...clusterOf(sealed, clusterId),
    echo_duration_ms: 0,
    clock_skew_ms: 0,
    replication_primary_canary_age_ms: 0,
  });
}

/** `sys/seal-status`, for everybody. */
export function sealStatus({ sealed, clusterId }: Standing): Answer {
  return jsonAnswer(200, {
    type: 'shamir',
    initialized: true,
    sealed,
    t: 1,
    n: 1,
    progress: 0,
    nonce: '',
    version: VERSION,
    migration: false,
    ...clusterOf(sealed, clusterId),
    recovery_seal: false,
    storage_type: 'inmem',
  });
}

function clusterOf(sealed: boolean, clusterId: string) {
  return sealed ? {} : { cluster_name: `vault-cluster-${clusterId.slice(0, 8)}`, cluster_id: clusterId };
}
