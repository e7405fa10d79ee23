/**
 * SIGHUP asks a daemon to read its policy anew. It is minded from the very start, since it would end the process
 * otherwise; one that comes before anybody hears it is not lost.
 */
export class Hangups {
  #wasAsked = false;
  #hear = () => {
    this.#wasAsked = true;
  };
  readonly #listener = () => this.#hear();

  constructor(isDaemon: boolean) {
    if (isDaemon) process.on('SIGHUP', this.#listener);
  }

  hear(listener: () => void): void {
    this.#hear = listener;
    if (this.#wasAsked) listener();
  }

  ignore(): void {
    process.off('SIGHUP', this.#listener);
  }
}
