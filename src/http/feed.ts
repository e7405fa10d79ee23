import { setTimeout as sleep } from 'node:timers/promises';
import type { ApplicationState } from '../telemetry/board-entry.ts';
import { summaryOf } from '../telemetry/snapshot.ts';
import { FEED_LIMITS, type FeedLimits } from './feed-limits.ts';
import type { HttpOptions } from './options.ts';
import type { Overviews } from './overview.ts';
import type { EVENT_SHAPES } from './shapes.ts';
import { Viewer } from './viewer.ts';

/** An overview looks at all applications: a viewer gets one so often at most, in ms, and they are a 20th of the work at most. */
const OVERVIEW_MS = 1_000;
const OVERVIEW_SHARE = 20;

const SCREENFUL = 60;

/** What a person should see first stands first in what a new viewer gets. */
const FIRST: readonly ApplicationState[] = ['refused', 'failing', 'blocked', 'overdue', 'rotating', 'new', 'unknown'];

type FeedSources = Pick<HttpOptions, 'board' | 'now'>;

/**
 * What viewers see change. Nothing is queued for them but names: an application that changes ten times before its
 * viewer is ready for more is sent once, as it is then. A viewer that misses too much gets everything anew.
 */
export class Feed {
  readonly #sources: FeedSources;
  readonly #limits: FeedLimits;
  readonly #viewers = new Set<Viewer>();
  readonly #overviews: Overviews;
  /** How long the last overview took to make, in ms. */
  #tookMs = 0;
  #overdue: ReadonlySet<string> = new Set();
  #unfollow: (() => void) | undefined;

  constructor(sources: FeedSources, overviews: Overviews, limits: Partial<FeedLimits> = {}) {
    this.#sources = sources;
    this.#overviews = overviews;
    this.#limits = { ...FEED_LIMITS, ...limits };
  }

  get isFull(): boolean {
    return this.#viewers.size >= this.#limits.viewers;
  }

  /** One more viewer, who counts until it parts. */
  join(): Viewer {
    const viewer = new Viewer();
    this.#viewers.add(viewer);
    this.#unfollow ??= this.#sources.board.onChange((application) => this.#note(application));
    return viewer;
  }

  part(viewer: Viewer): void {
    viewer.leave();
    this.#viewers.delete(viewer);
    if (this.#viewers.size > 0) return;
    this.#unfollow?.();
    this.#unfollow = undefined;
  }

  close(): void {
    for (const viewer of this.#viewers) this.part(viewer);
  }

  /** The text of its stream of events, until it parts. */
  async *watch(viewer: Viewer): AsyncGenerator<string> {
    while (!viewer.isGone) {
      yield this.#overview();
      if (viewer.isStale) yield* this.#everything(viewer);
      yield* this.#untilNextOverview(viewer);
    }
  }

  /** Changes as they come; ends when the overview is to be sent again. */
  async *#untilNextOverview(viewer: Viewer): AsyncGenerator<string> {
    const { gatherMs, beatMs, rows } = this.#limits;
    const until = performance.now() + Math.max(OVERVIEW_MS, this.#tookMs * OVERVIEW_SHARE);
    await viewer.changed(beatMs);
    while (!viewer.isGone && !viewer.isStale && viewer.hasChanges) {
      await sleep(gatherMs, undefined, { ref: false });
      for (let names = viewer.take(rows); names.length > 0; names = viewer.take(rows)) yield this.#rows(names);
      const left = until - performance.now();
      if (left <= 0) return;
      await viewer.changed(left);
    }
  }

  async *#everything(viewer: Viewer): AsyncGenerator<string> {
    viewer.begin();
    const names = this.#worstFirst();
    yield eventText('begin', JSON.stringify({ total: names.length }));
    // the first few fill a screen, and are there at once
    for (let at = 0, size = SCREENFUL; at < names.length && !viewer.isGone; at += size, size = this.#limits.rows) {
      yield this.#rows(names.slice(at, at + size));
      // others have their turn in between
      await new Promise((resolve) => setImmediate(resolve));
    }
    yield eventText('end', '{}');
  }

  #worstFirst(): string[] {
    const { board, now } = this.#sources;
    const at = now();
    const piles = new Map<string, string[]>();
    for (const name of board.names()) {
      const state = board.state(name, at);
      const pile = piles.get(state) ?? [];
      pile.push(name);
      piles.set(state, pile);
    }
    const order = [...FIRST, ...[...piles.keys()].filter((state) => !FIRST.some((first) => first === state))];
    return order.flatMap((state) => piles.get(state) ?? []);
  }

  #rows(names: readonly string[]): string {
    const { board, now } = this.#sources;
    const at = now();
    const entries = names.flatMap((name) => board.entry(name, at) ?? []);
    return eventText('rows', JSON.stringify(entries.map(summaryOf)));
  }

  /** What has become overdue since the last one shows by nothing else than time. */
  #overview(): string {
    const { text, overdue, tookMs } = this.#overviews.newest();
    this.#tookMs = tookMs;
    const fresh = [...overdue].filter((name) => !this.#overdue.has(name));
    this.#overdue = overdue;
    for (const name of fresh) this.#note(name);
    return eventText('overview', text);
  }

  #note(application: string | undefined): void {
    for (const viewer of this.#viewers) viewer.note(application, this.#limits.backlog);
  }
}

function eventText(event: keyof typeof EVENT_SHAPES, json: string): string {
  return `event: ${event}\ndata: ${json}\n\n`;
}
