/** Somebody who watches: which applications changed since it was told of them last. Bounded, whatever happens. */
export class Viewer {
  readonly #changed = new Set<string>();
  #isStale = true;
  #isGone = false;
  #wake: () => void = () => {};

  /** Whether it needs everything anew. */
  get isStale(): boolean {
    return this.#isStale;
  }

  get isGone(): boolean {
    return this.#isGone;
  }

  get hasChanges(): boolean {
    return this.#changed.size > 0;
  }

  /** Takes a change; `undefined`: everything did. Of more than `backlog` changes none is remembered. */
  note(application: string | undefined, backlog: number): void {
    if (application === undefined || (this.#changed.size >= backlog && !this.#changed.has(application))) {
      this.#isStale = true;
      this.#changed.clear();
    } else if (!this.#isStale) this.#changed.add(application);
    this.#wake();
  }

  /** Everything is being sent as it is from now on: from here on changes count. */
  begin(): void {
    this.#isStale = false;
    this.#changed.clear();
  }

  /** Up to `count` of what changed, no longer waiting then. */
  take(count: number): string[] {
    const taken: string[] = [];
    for (const name of this.#changed) {
      if (taken.length === count) break;
      taken.push(name);
      this.#changed.delete(name);
    }
    return taken;
  }

  /** Resolves as soon as something waits or it is gone, and after `ms` in any case. */
  async changed(ms: number): Promise<void> {
    if (this.hasChanges || this.#isStale || this.#isGone) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    const timer = setTimeout(resolve, ms).unref();
    await promise;
    clearTimeout(timer);
  }

  leave(): void {
    this.#isGone = true;
    this.#wake();
  }
}
