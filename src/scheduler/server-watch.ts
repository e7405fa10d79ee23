import type { Circuit } from './circuit.ts';

/**
 * Asks a server whose circuit is open, one probe at a time, whether it is back.
 * `probe` must be a call that goes through that circuit, so that its answer closes it.
 */
export class ServerWatch {
  readonly circuit: Circuit;
  readonly #probe: () => Promise<unknown>;
  #probing = false;

  constructor(circuit: Circuit, probe: () => Promise<unknown>) {
    this.circuit = circuit;
    this.#probe = probe;
  }

  get isDown(): boolean {
    return this.circuit.isOpen;
  }

  /** To be called every second or so; does nothing while the server is well. Never throws. */
  async beat(): Promise<void> {
    if (!this.circuit.isOpen || this.#probing) return;
    this.#probing = true;
    try {
      await this.#probe();
    } catch {
      // What it failed with is the circuit's to remember.
    } finally {
      this.#probing = false;
    }
  }
}
