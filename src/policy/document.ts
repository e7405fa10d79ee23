import { readFile } from 'node:fs/promises';
import type { z } from 'zod';
import { type KeyPath, Layout } from './layout.ts';
import type { Mistake, Place } from './mistakes.ts';
import { plainContent } from './plain.ts';
import type { PolicySources } from './sources.ts';
import { inPlainWords } from './words.ts';

export type { KeyPath } from './layout.ts';

/** One YAML file of a policy: its content, what is wrong with it, and where everything stands. */
export class PolicyDocument {
  readonly file: string;
  /** Plain data, or `undefined` where the file is no YAML. */
  readonly content: unknown;
  readonly mistakes: Mistake[] = [];
  readonly #text: string;
  /** Where things stand matters only where something is wrong; it is found anew where the memory was needed. */
  #layout: WeakRef<Layout> | undefined;
  readonly #wrong: string[] = [];

  constructor(file: string, text: string) {
    this.file = file;
    this.#text = text;
    const plain = plainContent(text);
    if (!plain) this.mistakes.push(...this.#layOut().mistakes);
    this.content = plain ?? this.#layOut().content;
  }

  /** Holds the content against a schema and notes what is wrong with it. Later `isSound` knows what is not. */
  judge(schema: z.ZodType): void {
    const { error } = schema.safeParse(this.content, { error: inPlainWords });
    for (const issue of error?.issues ?? []) {
      if (issue.code === 'unrecognized_keys') {
        this.#reportUnknown(issue.path, issue.keys, issue.message.split('\n'));
      } else {
        this.#wrong.push(keyOf(issue.path));
        this.report(issue.path, issue.message, this.place(issue.path, issue.code === 'invalid_key' ? 'key' : 'value'));
      }
    }
  }

  /** Whether `judge` found nothing wrong with the value at a path, around or below it (unknown keys aside). */
  isSound(...path: KeyPath): boolean {
    if (this.#wrong.length === 0) return this.content !== undefined;
    const key = keyOf(path);
    return this.content !== undefined && !this.#wrong.some((wrong) => wrong.startsWith(key) || key.startsWith(wrong));
  }

  /** Notes a mistake about the value at a path. */
  report(path: KeyPath, message: string, place: Place = this.place(path)): void {
    this.mistakes.push(this.mistakeAt(path, message, place));
  }

  /** A mistake about the value at a path, for whoever finds it later. */
  mistakeAt(path: KeyPath, message: string, place: Place = this.place(path)): Mistake {
    const name = path.reduce<string>(dotted, '');
    return { ...place, message: name === '' ? message : `${name}: ${message}` };
  }

  /** Where the value (or its key) stands; for what is not there, the key of the nearest thing around it. */
  place(path: KeyPath, at: 'key' | 'value' = 'value'): Place {
    return this.#layOut().place(path, at);
  }

  #layOut(): Layout {
    const layout = this.#layout?.deref() ?? new Layout(this.file, this.#text);
    this.#layout = new WeakRef(layout);
    return layout;
  }

  #reportUnknown(path: KeyPath, keys: readonly string[], messages: readonly string[]): void {
    for (const [index, key] of keys.entries()) {
      this.report(path, messages[index] ?? `unknown key ${JSON.stringify(key)}`, this.place([...path, key], 'key'));
    }
  }
}

/** Reads a file, and notes what was read; a file that cannot be read is an error of `node:fs`. */
export async function readDocument(file: string, sources: PolicySources): Promise<PolicyDocument> {
  const text = await readFile(file, 'utf8').catch((error: Error) => {
    sources.note(file, error);
    throw error;
  });
  sources.note(file, text);
  return new PolicyDocument(file, text);
}

function dotted(prefix: string, part: PropertyKey): string {
  if (typeof part === 'number') return `${prefix}[${part}]`;
  return prefix === '' ? String(part) : `${prefix}.${String(part)}`;
}

/** Ends in a separator, so that `billing` is no beginning of `billing-eu`. */
function keyOf(path: KeyPath): string {
  return path.map((part) => `${String(part)}\n`).join('');
}
