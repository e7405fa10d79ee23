import { STATES } from '../board-entry.ts';
import { type Family, sampled } from './family.ts';
import type { Moment } from './moment.ts';
import type { MetricsSources } from './sources.ts';

/** What there is of this daemon as a whole. */
export function daemonFamilies(sources: MetricsSources, moment: Moment): readonly Family[] {
  const { sinceBeatMs, missing, resyncMs } = sources;
  return [
    countFamily(moment),
    single('rekeyd_resync_seconds', 'How far apart the looks at one application really are.', () =>
      inSeconds(sources.effectiveResyncMs()),
    ),
    single('rekeyd_resync_target_seconds', 'How far apart the policy wants them.', () => inSeconds(resyncMs?.())),
    ...policyFamilies(sources),
    single('rekeyd_heartbeat_age_seconds', 'Time since the scheduler last looked at its timetable.', () =>
      inSeconds(sinceBeatMs?.()),
    ),
    single(
      'rekeyd_ready',
      '1 once it has logged in and looked at every application, as /readyz says.',
      () => missing && Number(missing().length === 0),
    ),
    sampled({ name: 'rekeyd_build_info', help: 'Always 1: the version that runs.', type: 'gauge' }, () => [
      [{ version: sources.version }, 1],
    ]),
  ];
}

function policyFamilies({ policyStanding }: MetricsSources): readonly Family[] {
  const standing = policyStanding?.();
  return [
    single('rekeyd_policy_loaded_timestamp_seconds', 'When the policy in force was read (Unix time).', () =>
      inSeconds(standing?.loadedAt),
    ),
    single(
      'rekeyd_policy_refused',
      '1 while the policy file, as it is now, is refused and an earlier one in force.',
      () => standing && Number(standing.rejected !== undefined),
    ),
    single(
      'rekeyd_policy_restart_needed',
      '1 while something of the policy in force waits for a restart.',
      () => standing && Number(standing.waitsForRestart !== undefined),
    ),
  ];
}

function inSeconds(ms: number | undefined): number | undefined {
  return ms === undefined || !Number.isFinite(ms) ? undefined : ms / 1_000;
}

/** A gauge of one number; undefined: unknown, so nothing is shown. */
function single(name: string, help: string, value: () => number | undefined): Family {
  return sampled({ name, help, type: 'gauge' }, () => {
    const known = value();
    return known === undefined ? [] : [[{}, known]];
  });
}

function countFamily({ states }: Moment): Family {
  const about = {
    name: 'rekeyd_applications',
    help: 'How many applications are in each state.',
    type: 'gauge',
  } as const;
  return sampled(about, () => {
    const counts = new Map<string, number>(STATES.map((state) => [state, 0]));
    for (const state of states) counts.set(state, (counts.get(state) ?? 0) + 1);
    return [...counts].map(([state, count]) => [{ state }, count]);
  });
}
