import { type FSWatcher, watch } from 'node:fs';

/** More folders than this are left to whoever looks from time to time. */
const MOST = 64;

/**
 * Tells that something happened in one of some folders. Only a hint: file systems need not tell, and tell of much else.
 */
export class FolderWatch {
  readonly #onChange: () => void;
  readonly #watchers = new Map<string, FSWatcher>();

  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  /** Watches these from now on, and no others. One that cannot be watched is tried again at the next call. */
  follow(folders: readonly string[]): void {
    const wanted = new Set(folders.slice(0, MOST));
    for (const folder of this.#watchers.keys()) if (!wanted.has(folder)) this.#end(folder);
    for (const folder of wanted) if (!this.#watchers.has(folder)) this.#begin(folder);
  }

  close(): void {
    this.follow([]);
  }

  #begin(folder: string): void {
    try {
      const watcher = watch(folder, { persistent: false }, () => this.#onChange());
      watcher.on('error', () => this.#end(folder));
      this.#watchers.set(folder, watcher);
    } catch {
      // no such folder yet, or none of the system's watches left
    }
  }

  #end(folder: string): void {
    this.#watchers.get(folder)?.close();
    this.#watchers.delete(folder);
  }
}
