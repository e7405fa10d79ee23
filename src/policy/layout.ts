import { type Document, isMap, isNode, isScalar, isSeq, LineCounter, parseDocument, visit, type YAMLMap } from 'yaml';
import { Aliases } from './aliases.ts';
import type { Mistake, Place } from './mistakes.ts';

/** The way to a value from the top of a file: keys, and positions in lists. */
export type KeyPath = readonly PropertyKey[];

/**
 * A file as the YAML parser has it: what it holds, what is wrong with it as YAML, and where everything stands. It takes
 * a hundred times the memory of what it holds, so nobody keeps it for long.
 */
export class Layout {
  readonly file: string;
  /** Plain data, or `undefined` where the file is no YAML. */
  readonly content: unknown;
  readonly mistakes: Mistake[] = [];
  readonly #lines = new LineCounter();
  readonly #document: Document.Parsed;
  readonly #aliases: Aliases;
  /** Keys of maps that were looked into: files may hold thousands of applications. */
  readonly #steps = new Map<YAMLMap, Map<string, Step>>();

  constructor(file: string, text: string) {
    this.file = file;
    this.#document = parseDocument(text, {
      lineCounter: this.#lines,
      prettyErrors: false,
      stringKeys: true,
      uniqueKeys: false,
    });
    this.#aliases = new Aliases(this.#document);
    this.#noteSyntax();
    const isSound = !this.#noteOddities() && this.#document.errors.length === 0;
    this.content = isSound ? this.#toPlainData() : undefined;
    this.#noteDuplicates();
  }

  /** Where the value (or its key) stands; for what is not there, the key of the nearest thing around it. */
  place(path: KeyPath, at: 'key' | 'value'): Place {
    let node: unknown = this.#document.contents;
    let offset = startOf(node) ?? 0;
    for (const [index, part] of path.entries()) {
      const found = this.#step(this.#aliases.resolved(node), part);
      if (!found) break;
      node = found.value;
      const start = found.key ?? startOf(node);
      offset = (index === path.length - 1 && at === 'value' ? (startOf(node) ?? start) : start) ?? offset;
    }
    return this.#placeAt(offset);
  }

  #step(node: unknown, part: PropertyKey): Step | undefined {
    if (isSeq(node) && typeof part === 'number') return { value: node.items[part], key: undefined };
    if (!isMap(node)) return undefined;
    const steps = this.#steps.get(node) ?? stepsOf(node);
    this.#steps.set(node, steps);
    return steps.get(String(part));
  }

  #placeAt(offset: number): Place {
    const { line, col } = this.#lines.linePos(offset);
    return { file: this.file, line: Math.max(line, 1), column: Math.max(col, 1) };
  }

  #noteAt(offset: number | undefined, message: string): void {
    this.mistakes.push({ ...this.#placeAt(offset ?? 0), message });
  }

  #noteSyntax(): void {
    for (const { code, pos, message } of [...this.#document.errors, ...this.#document.warnings]) {
      if (OPEN_QUOTE.test(message)) this.#noteAt(this.#openingBefore(pos[0]), 'a text in quotes is not closed');
      else this.#noteAt(pos[0], OWN_WORDS[code] ?? `this is not valid YAML: ${withoutQuote(message)}`);
    }
  }

  /** The parser points to where it gave up looking for the end: what a person looks for is the beginning. */
  #openingBefore(end: number): number {
    let opening = end;
    visit(this.#document, {
      Scalar: (_, { type, range }) => {
        if (type?.startsWith('QUOTE') && range && range[0] < end) opening = range[0];
      },
    });
    return opening;
  }

  /** The parser's own search for them takes quadratic time, and a file may hold thousands of applications. */
  #noteDuplicates(): void {
    visit(this.#document, {
      Map: (_, map) => {
        const seen = new Set<unknown>();
        for (const { key } of map.items) {
          if (!isScalar(key)) continue;
          if (seen.has(key.value))
            this.#noteAt(startOf(key), `the key ${key.value} stands here a second time; keep one of them`);
          seen.add(key.value);
        }
      },
    });
  }

  /** Notes what YAML allows and is no policy: aliases to nothing, merge keys, and a key that JavaScript would swallow. */
  #noteOddities(): boolean {
    const before = this.mistakes.length;
    for (const alias of this.#aliases.lost) {
      this.#noteAt(startOf(alias), 'this alias has no anchor before it; a text that begins with * stands in quotes');
    }
    if (this.#aliases.areBomb) this.#noteAt(0, 'this is not usable YAML: far too many aliases lead to the same');
    visit(this.#document, {
      Pair: (_, { key }) => {
        if (!isScalar(key)) return;
        if (key.value === '__proto__') this.#noteAt(startOf(key), 'unknown key "__proto__"');
        if (key.value === '<<' && key.type === 'PLAIN') this.#noteAt(startOf(key), NO_MERGE_KEYS);
      },
    });
    return this.mistakes.length > before;
  }

  #toPlainData(): unknown {
    try {
      // its own count of aliases takes as long as its search; how many there are is known by now
      return this.#document.toJS({ maxAliasCount: -1 }) ?? null;
    } catch {
      this.#noteAt(0, 'this is not usable YAML: it is nested too deeply');
      return undefined;
    }
  }
}

const NO_MERGE_KEYS = 'merge keys are not supported; put what is shared into defaults';

const OPEN_QUOTE = /^Missing closing ["']quote$/;

/** For what the parser words for programmers. */
const OWN_WORDS: Readonly<Record<string, string>> = {
  NON_STRING_KEY: 'a key must be a simple text',
  MULTIPLE_DOCS:
    'a second document begins here; a policy is one: remove this "---", or move what follows to a file of its own and name it in include',
};

/** The parser's words up to where they quote the file: that may be a secret in the wrong place. */
function withoutQuote(message: string): string {
  return message.replace(/(?:: | "|\n).*$/s, '');
}

/** What a key leads to, and where the key stands. */
interface Step {
  readonly value: unknown;
  readonly key: number | undefined;
}

function stepsOf(map: YAMLMap): Map<string, Step> {
  const steps = map.items.map(({ key, value }) => [
    isScalar(key) ? String(key.value) : '',
    { value, key: startOf(key) },
  ]);
  return new Map(steps as [string, Step][]);
}

/** Where a node begins; `undefined` for what is written as nothing at all (`key:` and the end of the line). */
function startOf(node: unknown): number | undefined {
  if (!isNode(node)) return undefined;
  const [start, end] = node.range ?? [];
  return start === end ? undefined : start;
}
