/** Applications that a lane has lent to the resync, and which of them it needed meanwhile. */
export class Loan {
  readonly #lent: ReadonlySet<string>;
  readonly #needed = new Set<string>();

  constructor(applications: Iterable<string> = []) {
    this.#lent = new Set(applications);
  }

  has(application: string): boolean {
    return this.#lent.has(application);
  }

  /** Notes that an application became due or was asked for; nothing where it was not lent. */
  need(application: string): void {
    if (this.#lent.has(application)) this.#needed.add(application);
  }

  get needed(): ReadonlySet<string> {
    return this.#needed;
  }
}
