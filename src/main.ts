#!/usr/bin/env node
import './node-version.ts';
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { EXIT, type Terminal } from './commands/terminal.ts';
import { whenUnread } from './commands/unread.ts';
import { complainOf } from './commands/visibly.ts';
import { VERSION } from './version.ts';

/** Whether standard output was closed at its other end. */
let isUnread = false;

/** The command line: parse, and hand over to one command. Each is loaded only when it is called. */
const terminal: Terminal = {
  write: (text) => process.stdout.write(text),
  complain: (text) => process.stderr.write(text),
  isInteractive: process.stdout.isTTY === true,
  columns: process.stdout.columns || Number.POSITIVE_INFINITY,
  env: process.env,
  stopped: stopSignal(),
};

/**
 * A terminal may send a signal twice (to npm and to us): the second changes nothing, what is under way ends first. A
 * reader that has gone away (`rekeyd run | head`) ends a run just as a signal does.
 */
function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => resolve());
    whenUnread(process.stdout, () => {
      isUnread = true;
      resolve();
    });
    whenUnread(process.stderr, () => {});
  });
}

let exitCode: number = EXIT.done;

/** Runs a command and keeps its exit code. */
async function ends(run: () => Promise<number>): Promise<void> {
  exitCode = await run();
}

const DEFAULT_CONFIG = 'config/rekeyd.yaml';

function command(name: string, description: string): Command {
  return program.command(name).description(description);
}

function onPolicy(name: string, description: string): Command {
  const config = process.env['REKEYD_CONFIG'] ?? DEFAULT_CONFIG;
  return command(name, description).option('--config <file>', 'policy file (REKEYD_CONFIG)', config);
}

const program = new Command('rekeyd')
  .description('Rotates object-storage access keys: issue, verify, publish to Vault, revoke after a grace period.')
  .version(VERSION)
  .showHelpAfterError('(--help shows what there is)')
  // it repeats what was typed, or what another program made of something
  .configureOutput({ writeErr: (text) => complainOf(text, terminal) })
  .exitOverride();

onPolicy('run', 'rotate what is due, until stopped')
  .option('--once', 'do what is due now and end', false)
  .action((options) =>
    ends(async () => {
      const code = await (await import('./commands/run.ts')).runCommand(options, terminal);
      // a daemon whose log nobody takes any more should be started again by whoever looks after it
      return isUnread && !options.once ? EXIT.failed : code;
    }),
  );

onPolicy('check', 'try everything that a run needs, and touch nothing')
  .option('--offline', 'only the policy file; contact nothing, resolve no secret', false)
  .option('--json', 'as JSON', false)
  .action((options) => ends(async () => (await import('./commands/check.ts')).checkCommand(options, terminal)));

onPolicy('plan', 'what a run would do now, and what the days to come bring')
  .argument('[application...]', 'only these')
  .option('--days <n>', 'how far to look ahead', days, 7)
  .option('--json', 'as JSON', false)
  .action((applications, options) =>
    ends(async () => (await import('./commands/plan.ts')).planCommand({ ...options, applications }, terminal)),
  );

onPolicy('status', 'how the applications stand')
  .argument('[application...]', 'only these, in detail')
  .option('--json', 'as JSON', false)
  .action((applications, options) =>
    ends(async () => (await import('./commands/status.ts')).statusCommand({ ...options, applications }, terminal)),
  );

onPolicy('rotate', 'rotate applications now')
  .argument('[application...]', 'these')
  .option('--all', 'all of them', false)
  .option('--despite <code>', 'lift this refusal, for one application; may be said again', collect, [])
  .option('--json', 'as JSON', false)
  .action((applications, options) =>
    ends(async () => (await import('./commands/rotate.ts')).rotateCommand({ ...options, applications }, terminal)),
  );

command('sandbox', 'run the stand-ins for GleSYS, S3 and Vault alone')
  .option('--glesys <host:port>', 'where the GleSYS API listens')
  .option('--s3 <host:port>', 'where S3 listens')
  .option('--vault <host:port>', 'where Vault listens')
  .option('--off-loopback', 'let them listen elsewhere too: only in a network of their own, as between containers')
  .option('--instance <id>', 'the instance that the GleSYS API has (else made up)')
  .option('--api-key-file <file>', 'what opens the GleSYS API (else made up)')
  .action((options) => ends(async () => (await import('./commands/sandbox.ts')).sandboxCommand(options, terminal)));

command('schema', 'print the JSON Schema of the policy file').action(() =>
  ends(async () => (await import('./commands/schema.ts')).schemaCommand(terminal)),
);

onPolicy('healthcheck', 'ask the daemon that runs with this policy whether it lives').action((options) =>
  ends(async () => (await import('./commands/healthcheck.ts')).healthcheckCommand(options, terminal)),
);

/** For an option that may be given more than once. */
function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

function days(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1 || number > 3_660)
    throw new InvalidArgumentError('write a number of days, 1 to 3660');
  return number;
}

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
