/** In bytes: each piece is written to a connection by itself, which costs as much as a hundred lines. */
const PIECE_BYTES = 64 * 1024;
/** No UTF-16 unit takes more bytes of UTF-8. */
const MOST_BYTES = 3;

/** Gathers texts into pieces of some size, as bytes: a text is forgotten as soon as it is added. */
export class Pieces {
  #piece = Buffer.allocUnsafe(PIECE_BYTES);
  #length = 0;

  /** The pieces that are full with it. */
  *add(text: string): Generator<Buffer> {
    const most = text.length * MOST_BYTES;
    if (this.#length + most > PIECE_BYTES && this.#length > 0) yield this.rest();
    if (most > PIECE_BYTES) yield Buffer.from(text);
    else this.#length += this.#piece.write(text, this.#length);
  }

  /** What waits to become a piece. */
  rest(): Buffer {
    const piece = this.#piece.subarray(0, this.#length);
    this.#piece = Buffer.allocUnsafe(PIECE_BYTES);
    this.#length = 0;
    return piece;
  }
}
