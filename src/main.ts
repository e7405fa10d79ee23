#!/usr/bin/env node
import './node-version.ts';
import { Command, CommanderError } from 'commander';
import { registerActing } from './commands/register/acting.ts';
import { registerKeys } from './commands/register/keys.ts';
import { registerLooking } from './commands/register/looking.ts';
import type { Registry } from './commands/register/registry.ts';
import { registerRunning } from './commands/register/running.ts';
import { EXIT, type Terminal } from './commands/terminal.ts';
import { whenUnread } from './commands/unread.ts';
import { complainOf } from './commands/visibly.ts';
import { VERSION } from './version.ts';

/** Whether standard output was closed at its other end. */
let isUnread = false;

/** Resolves once a person or a program wants the process to end. */
const { promise: interrupted, resolve: interrupt } = Promise.withResolvers<void>();

const stopped = stopSignal();

/** The command line: parse, and hand over to one command. Each is loaded only when it is called. */
const terminal: Terminal = {
  write: (text) => process.stdout.write(text),
  complain: (text) => process.stderr.write(text),
  isInteractive: process.stdout.isTTY === true,
  get columns() {
    return process.stdout.columns || Number.POSITIVE_INFINITY;
  },
  get rows() {
    return process.stdout.rows || Number.POSITIVE_INFINITY;
  },
  ...(process.stderr.isTTY && { complaintColumns: process.stderr.columns || 80 }),
  env: process.env,
  stopped,
  ...(process.stdin.isTTY && process.stderr.isTTY && { ask: askHere }),
};

/** Questions stand on standard error: the result may go into a pipe. */
async function askHere(question: string): Promise<string> {
  const { askPerson } = await import('./commands/question.ts');
  return askPerson(question, { input: process.stdin, output: process.stderr }, stopped);
}

/**
 * A terminal may send a signal twice (to npm and to us): the second changes nothing, what is under way ends first. A
 * reader that has gone away (`rekeyd run | head`) ends a run just as a signal does.
 */
function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, interrupt);
    void interrupted.then(resolve);
    whenUnread(process.stdout, () => {
      isUnread = true;
      resolve();
    });
    whenUnread(process.stderr, () => {});
  });
}

let exitCode: number = EXIT.done;
/** Whether the command was left in the middle of its work. */
let isLeft = false;

const DEFAULT_CONFIG = 'config/rekeyd.yaml';

const program = new Command('rekeyd')
  .description('Rotates object-storage access keys: issue, verify, publish to Vault, revoke after a grace period.')
  .version(VERSION)
  .showHelpAfterError('(--help shows what there is)')
  // it repeats what was typed, or what another program made of something
  .configureOutput({ writeErr: (text) => complainOf(text, terminal) })
  .exitOverride();

const registry: Registry = {
  terminal,
  command: (name, description) => program.command(name).description(description),
  onPolicy(name, description) {
    // set to nothing is how compose files and units leave a variable out
    const config = process.env['REKEYD_CONFIG'] || DEFAULT_CONFIG;
    return registry.command(name, description).option('--config <file>', 'policy file (REKEYD_CONFIG)', config);
  },
  async ends(run) {
    exitCode = await run();
  },
  async leaves(run) {
    const left = interrupted.then(() => {
      isLeft = true;
      return EXIT.failed;
    });
    exitCode = await Promise.race([run(), left]);
  },
  get isUnread() {
    return isUnread;
  },
};

for (const register of [registerRunning, registerLooking, registerActing, registerKeys]) register(registry);

async function main(): Promise<number> {
  try {
    await program.parseAsync();
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    return (await import('./commands/complain.ts')).complain(error, terminal);
  }
}

process.exitCode = await main();
if (isLeft) {
  // below the bar that stands there
  if (terminal.complaintColumns !== undefined) terminal.complain('\n');
  process.exit();
}
