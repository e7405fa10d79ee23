import { type Alias, type Document, isAlias, isCollection, isNode, isPair, type Node } from 'yaml';

/** An anchored node in the walk; `size` is known once all of it was walked. */
interface Anchored {
  readonly node: Node;
  size: number | undefined;
}

/** More than any policy has. `size`: with every alias written out. */
const MOST = { aliases: 5_000, size: 2_000_000 };

/**
 * What the aliases of a document lead to, found in one walk. The parser's own search walks the whole document for each
 * alias: a file of a hundred kilobytes could keep it busy for minutes.
 */
export class Aliases {
  /** Those without such an anchor before them, or inside of what they lead to. */
  readonly lost: Alias[] = [];
  /** Whether there are so many, or they lead to so much, that they are there to do harm. */
  readonly areBomb: boolean;
  readonly #targets = new Map<Alias, Node>();
  readonly #anchors = new Map<string, Anchored>();

  constructor(document: Document.Parsed) {
    const size = this.#walk(document.contents);
    this.areBomb = size > MOST.size || this.#targets.size > MOST.aliases;
  }

  /** The node that stands for this one: what an alias leads to, any other itself. */
  resolved(node: unknown): unknown {
    return isAlias(node) ? this.#targets.get(node) : node;
  }

  #walk(node: unknown): number {
    if (isAlias(node)) return this.#follow(node);
    if (isPair(node)) return this.#walk(node.key) + this.#walk(node.value);
    if (!isNode(node)) return 0;
    const anchored: Anchored = { node, size: undefined };
    if ('anchor' in node && node.anchor !== undefined) this.#anchors.set(node.anchor, anchored);
    anchored.size = isCollection(node) ? node.items.reduce<number>((sum, item) => sum + this.#walk(item), 1) : 1;
    return anchored.size;
  }

  #follow(alias: Alias): number {
    const target = this.#anchors.get(alias.source);
    if (target?.size === undefined) {
      this.lost.push(alias);
      return 1;
    }
    this.#targets.set(alias, target.node);
    return target.size;
  }
}
