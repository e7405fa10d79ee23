import { createHash, type Hash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { matchingFiles } from './matching.ts';

/**
 * The files that a policy is read from. What decides whether they changed is what stands in them: times say nothing
 * where files are swapped by way of symbolic links, copied, or kept on a network.
 */
export class PolicySources {
  readonly file: string;
  #patterns: readonly string[] = [];
  #reading = new Digest();

  /** `file`: the policy file, as the person typed it. */
  constructor(file: string) {
    this.file = file;
  }

  /** A reading of the policy begins. */
  begin(): void {
    this.#patterns = [];
    this.#reading = new Digest();
  }

  /** A file was read, or could not be (`text` is an error of `node:fs` then). */
  note(file: string, text: string | Error): void {
    this.#reading.add(file, text);
  }

  /** What the policy file includes. */
  includes(patterns: readonly string[]): void {
    this.#patterns = patterns;
  }

  /** Stands for all that the newest reading read. */
  get read(): string {
    return this.#reading.value;
  }

  /** Stands for what the same reading would read now. */
  async look(): Promise<string> {
    const digest = new Digest();
    const add = async (file: string) => digest.add(file, await readFile(file, 'utf8').catch((error: Error) => error));
    await add(this.file);
    for await (const { file } of matchingFiles(this.file, this.#patterns)) await add(file);
    return digest.value;
  }

  /** The folders in which a change shows first, if the file system tells of changes at all. */
  get folders(): readonly string[] {
    const folder = dirname(resolve(this.file));
    const bases = this.#patterns.map((pattern) => dirname(resolve(folder, `${pattern.replace(/[*?[{!(].*$/s, '')}-`)));
    return [...new Set([folder, ...bases])];
  }
}

class Digest {
  readonly #hash: Hash = createHash('sha256');

  add(file: string, text: string | NodeJS.ErrnoException): void {
    const content = typeof text === 'string' ? text : null;
    this.#hash.update(JSON.stringify([file, content, typeof text === 'string' ? '' : text.code]));
  }

  get value(): string {
    return this.#hash.copy().digest('hex');
  }
}
