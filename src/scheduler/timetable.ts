import TinyQueue from 'tinyqueue';

interface Entry {
  readonly at: number;
  readonly application: string;
}

/** So many replaced entries are left in the heap before it is built anew, on top of as many as are in force. */
const TOLERATED_GARBAGE = 64;

/** When each application wants to be looked at next (Unix ms): one time per application, the newest one set counts. */
export class Timetable {
  readonly #inForce = new Map<string, Entry>();
  #heap = new TinyQueue<Entry>([], byTime);

  /** How many entries are kept, replaced ones included; never much more than twice as many as applications. */
  get entries(): number {
    return this.#heap.length;
  }

  at(application: string): number | undefined {
    return this.#inForce.get(application)?.at;
  }

  /** The earliest time of all. */
  get next(): number | undefined {
    return this.#first()?.at;
  }

  set(application: string, at: number): void {
    const entry = { at, application };
    this.#inForce.set(application, entry);
    this.#heap.push(entry);
    this.#sweep();
  }

  /** Takes out everything at or before `now`, earliest first. */
  takeDue(now: number): string[] {
    const due: string[] = [];
    for (let entry = this.#first(); entry && entry.at <= now; entry = this.#first()) {
      this.#heap.pop();
      this.#inForce.delete(entry.application);
      due.push(entry.application);
    }
    return due;
  }

  /** The earliest entry in force; replaced ones before it are dropped. */
  #first(): Entry | undefined {
    let entry = this.#heap.peek();
    while (entry && this.#inForce.get(entry.application) !== entry) {
      this.#heap.pop();
      entry = this.#heap.peek();
    }
    return entry;
  }

  #sweep(): void {
    if (this.#heap.length > 2 * this.#inForce.size + TOLERATED_GARBAGE) {
      this.#heap = new TinyQueue([...this.#inForce.values()], byTime);
    }
  }
}

function byTime(a: Entry, b: Entry): number {
  return a.at - b.at;
}
