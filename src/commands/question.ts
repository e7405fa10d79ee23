import { createInterface } from 'node:readline';

/** The two ends of a person's terminal. */
export interface Person {
  readonly input: NodeJS.ReadableStream;
  /** Where questions are shown: not where the result goes, which may be a pipe. */
  readonly output: NodeJS.WritableStream;
}

/**
 * Asks a person one thing. Ctrl-C, Ctrl-D and what `stopped` waits for are no answer: `''`. The terminal is given back
 * after it, so that a process which has nothing else to do can end.
 */
export function askPerson(question: string, { input, output }: Person, stopped: Promise<void>): Promise<string> {
  const reader = createInterface({ input, output, terminal: true, historySize: 0 });
  return new Promise<string>((resolve) => {
    const end = (answer: string) => {
      resolve(answer);
      reader.close();
    };
    const leave = () => {
      output.write('\n');
      end('');
    };
    reader.once('SIGINT', leave);
    reader.once('close', () => resolve(''));
    void stopped.then(() => end(''));
    reader.question(question, end);
  });
}
