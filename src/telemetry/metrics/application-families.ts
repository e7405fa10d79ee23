import type { BoardEntry } from '../board-entry.ts';
import { type Family, labelsText, type Sample } from './family.ts';
import type { Tally } from './tally.ts';

/** All applications at one moment. */
export interface Moment {
  readonly entries: readonly BoardEntry[];
  /** Unix ms. */
  readonly now: number;
}

const OF_ONE = ['application'];

interface ApplicationGauge {
  readonly name: string;
  readonly help: string;
  /** Undefined: unknown, or there is none, so nothing is shown. */
  readonly value: (entry: BoardEntry, now: number) => number | undefined;
}

const GAUGES: readonly ApplicationGauge[] = [
  {
    name: 'rekeyd_credential_age_seconds',
    help: 'Age of the current credential since it was published.',
    value: ({ view }, now) => view?.current && (now - view.current.publishedAt) / 1_000,
  },
  {
    name: 'rekeyd_last_rotation_timestamp_seconds',
    help: 'When the current credential was published (Unix time): the last rotation that succeeded, or the adoption.',
    value: ({ view }) => seconds(view?.current?.publishedAt),
  },
  {
    name: 'rekeyd_next_rotation_timestamp_seconds',
    help: 'When the current credential is due (Unix time).',
    value: ({ view }) => seconds(view?.rotateAt),
  },
  {
    name: 'rekeyd_next_revocation_timestamp_seconds',
    help: 'When the first grace ends (Unix time), where a credential is in grace.',
    value: ({ view }) => seconds(firstRevocation(view?.superseded)),
  },
  {
    name: 'rekeyd_overdue_seconds',
    help: 'How long the current credential has been due; 0 while it is not.',
    value: (entry) => entry.overdueSeconds,
  },
  {
    name: 'rekeyd_strays',
    help: 'Credentials of this application that stand in no record yet.',
    value: ({ view }) => view?.strays,
  },
  {
    name: 'rekeyd_superseded',
    help: 'Earlier credentials of this application that still live or may live.',
    value: ({ view }) => view?.superseded.length,
  },
  {
    name: 'rekeyd_failures',
    help: 'Failed or blocked passes in a row.',
    value: (entry) => entry.failures,
  },
  {
    name: 'rekeyd_trouble_since_timestamp_seconds',
    help: 'Since when something stands in the way (Unix time).',
    value: ({ troubleSince }) => seconds(troubleSince),
  },
];

function seconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / 1_000;
}

function firstRevocation(superseded: readonly { readonly revokeAt: number | null }[] = []): number | undefined {
  let first: number | undefined;
  for (const { revokeAt } of superseded) if (revokeAt !== null) first = Math.min(first ?? revokeAt, revokeAt);
  return first;
}

export type RotationResult = 'done' | 'failed' | 'blocked';

/** One sample for each application, or a few: what there is of each of them. */
export function applicationFamilies(moment: Moment, rotations: Tally<RotationResult>): readonly Family[] {
  const labels = moment.entries.map(({ application }) => labelsText(OF_ONE, [application]));
  return [
    infoFamily(moment),
    stateFamily(moment),
    troubleFamily(moment),
    ...GAUGES.map((gauge) => gaugeFamily(gauge, moment, labels)),
    rotationFamily(moment, rotations),
  ];
}

/** `labels`: of each entry, as they are written. */
function gaugeFamily(
  { name, help, value }: ApplicationGauge,
  { entries, now }: Moment,
  labels: readonly string[],
): Family {
  function* samples(): Generator<Sample> {
    for (const [index, entry] of entries.entries()) {
      const known = value(entry, now);
      if (known !== undefined) yield [labels[index] ?? '', known];
    }
  }
  return { name, help, type: 'gauge', labels: OF_ONE, samples };
}

function infoFamily({ entries }: Moment): Family {
  return {
    name: 'rekeyd_application_info',
    help: 'Always 1: the issuer of the application and the path of its secret.',
    type: 'gauge',
    labels: ['application', 'issuer', 'path'],
    samples: () => entries.map(({ application, issuer, path }) => [[application, issuer, path], 1]),
  };
}

function stateFamily({ entries }: Moment): Family {
  return {
    name: 'rekeyd_application_state',
    help: 'Always 1: the state that the application is in.',
    type: 'gauge',
    labels: ['application', 'state'],
    samples: () => entries.map(({ application, state }) => [[application, state], 1]),
  };
}

function troubleFamily({ entries }: Moment): Family {
  function* samples(): Generator<Sample> {
    for (const { application, trouble, notices } of entries) {
      if (trouble) yield [[application, trouble.kind, trouble.code], 1];
      for (const code of new Set(notices.map((notice) => notice.code))) yield [[application, 'notice', code], 1];
    }
  }
  return {
    name: 'rekeyd_application_trouble',
    help: 'Always 1: what stands in the way of an application, or is worth a look (kind notice), by kind and stable code.',
    type: 'gauge',
    labels: ['application', 'kind', 'code'],
    samples,
  };
}

function rotationFamily({ entries }: Moment, rotations: Tally<RotationResult>): Family {
  function* samples(): Generator<Sample> {
    for (const { application } of entries) {
      for (const [result, count] of rotations.of(application)) yield [[application, result], count];
    }
  }
  return {
    name: 'rekeyd_rotations_total',
    help: 'Rotations by how they ended.',
    type: 'counter',
    labels: ['application', 'result'],
    samples,
  };
}
