import { lookOf, shownState } from './words.js';

/** What is known of all applications, and which of them are to be shown. */
export class Store {
  overview;
  #rows = new Map();
  #round = 0;
  #total = 0;

  get size() {
    return this.#rows.size;
  }

  /** How many there are going to be. */
  get total() {
    return Math.max(this.#total, this.#rows.size);
  }

  /** Everything comes anew from here on. */
  begin(total) {
    this.#round += 1;
    this.#total = total;
  }

  take(summaries) {
    for (const summary of summaries) this.#rows.set(summary.application, rowOf(summary, this.#round));
  }

  /** What did not come again is no longer there. */
  end() {
    for (const [name, row] of this.#rows) if (row.round !== this.#round) this.#rows.delete(name);
    this.#total = this.#rows.size;
  }

  /** How many there are in each state, and on hold. */
  counts(now) {
    const counts = new Map();
    for (const { state, heldUntil } of this.#rows.values()) {
      counts.set(state, (counts.get(state) ?? 0) + 1);
      if (heldUntil > now) counts.set('held', (counts.get('held') ?? 0) + 1);
    }
    return counts;
  }

  issuers() {
    return [...new Set(this.#rows.values().map(({ issuer }) => issuer))].sort();
  }

  /** The rows that a choice leaves, in its order. */
  select({ q, states, issuer, sort }, now) {
    const words = q.toLowerCase().split(/\s+/).filter(Boolean);
    const isWanted = (row) =>
      (issuer === '' || row.issuer === issuer) &&
      (states.size === 0 || states.has(row.state) || (states.has('held') && row.heldUntil > now)) &&
      words.every((word) => row.text.includes(word));
    return [...this.#rows.values()].filter(isWanted).sort(ORDERS[sort] ?? ORDERS.state);
  }
}

const at = (time) => (time === undefined ? undefined : Date.parse(time));

/** What is searched: the same as the server searches for `q`. */
const searchedOf = (summary) => [
  summary.application,
  summary.path,
  summary.issuer,
  summary.access_key_id,
  ...(summary.superseded_access_key_ids ?? []),
  summary.code,
  ...(summary.notices ?? []),
];

/** A row as the page computes with it: times are Unix ms. */
function rowOf(summary, round) {
  const { application, issuer, access_key_id: key, code } = summary;
  const state = shownState(summary.state, code);
  return {
    application,
    issuer,
    code,
    round,
    key,
    state,
    rank: lookOf(state).rank,
    generation: summary.generation,
    publishedAt: at(summary.published_at),
    nextAt: at(summary.next_at),
    next: summary.next,
    superseded: summary.superseded,
    revokeAt: at(summary.revoke_at),
    strays: summary.strays,
    heldUntil: at(summary.held_until) ?? 0,
    since: at(summary.since),
    notices: summary.notices ?? [],
    text: searchedOf(summary).join(' ').toLowerCase(),
  };
}

const last = Number.MAX_SAFE_INTEGER;
const byName = (a, b) => (a.application < b.application ? -1 : a.application > b.application ? 1 : 0);

const ORDERS = {
  state: (a, b) => a.rank - b.rank || (a.since ?? 0) - (b.since ?? 0) || byName(a, b),
  application: byName,
  age: (a, b) => (a.publishedAt ?? last) - (b.publishedAt ?? last) || byName(a, b),
  next: (a, b) => (a.nextAt ?? last) - (b.nextAt ?? last) || byName(a, b),
};
