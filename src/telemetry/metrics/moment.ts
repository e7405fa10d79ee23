import type { ApplicationState, BoardEntry } from '../board-entry.ts';
import { escaped } from './family.ts';

interface ApplicationGauge {
  readonly name: string;
  readonly help: string;
  /** Undefined: unknown, or there is none, so nothing is shown. */
  readonly value: (entry: BoardEntry, now: number) => number | undefined;
}

export const GAUGES: readonly ApplicationGauge[] = [
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

/**
 * All applications at one moment, in columns: a scrape of 100,000 takes minutes where its reader is slow, and their
 * entries would be a quarter of what they take at rest.
 */
export class Moment {
  /** Unix ms. */
  readonly now: number;
  readonly names: string[] = [];
  /** Each name as the value of a label: it stands in a dozen lines, and is escaped once for all of them. */
  readonly labels: string[] = [];
  readonly issuers: string[] = [];
  readonly paths: string[] = [];
  readonly states: ApplicationState[] = [];
  readonly troubles: { readonly application: string; readonly kind: string; readonly code: string }[] = [];
  readonly #gauges: readonly Float64Array[];

  /** `size`: how many entries will be added. */
  constructor(now: number, size: number) {
    this.now = now;
    this.#gauges = GAUGES.map(() => new Float64Array(size));
  }

  add(entry: BoardEntry): void {
    const { application, trouble, notices } = entry;
    const row = this.names.length;
    this.#gauges.forEach((column, index) => {
      column[row] = GAUGES[index]?.value(entry, this.now) ?? Number.NaN;
    });
    this.names.push(application);
    this.labels.push(escaped(application));
    this.issuers.push(entry.issuer);
    this.paths.push(entry.path);
    this.states.push(entry.state);
    if (trouble) this.troubles.push({ application, kind: trouble.kind, code: trouble.code });
    if (notices.length === 0) return;
    for (const code of new Set(notices.map((notice) => notice.code)))
      this.troubles.push({ application, kind: 'notice', code });
  }

  /** What one of `GAUGES` says of one row of `names`; undefined where it says nothing. */
  gauge(index: number, row: number): number | undefined {
    const known = this.#gauges[index]?.[row];
    return Number.isNaN(known) ? undefined : known;
  }
}
