import { InvalidArgumentError } from 'commander';
import { examples, type Registry } from './registry.ts';

/** The commands that look and change nothing. */
export function registerLooking({ onPolicy, command, ends, leaves, terminal }: Registry): void {
  onPolicy('check', 'try everything that a run needs, and touch nothing')
    .option('--offline', 'only the policy file; contact nothing, resolve no secret', false)
    .option('--json', 'as JSON', false)
    .addHelpText('after', examples('rekeyd check', 'rekeyd check --offline --config new.yaml'))
    .action((options) => leaves(async () => (await import('../check.ts')).checkCommand(options, terminal)));

  onPolicy('plan', 'what a run would do now, what the days to come bring, and the calls that takes')
    .argument('[application...]', 'only these')
    .option('--days <n>', 'how many days to look ahead', days, 7)
    .option('--json', 'as JSON', false)
    .addHelpText('after', examples('rekeyd plan', 'rekeyd plan billing --days 90'))
    .action((applications, options) =>
      leaves(async () => (await import('../plan.ts')).planCommand({ ...options, applications }, terminal)),
    );

  onPolicy('status', 'how the applications stand: what is wrong first, and what to do')
    .argument('[application...]', 'only these, in detail')
    .option('--watch', 'go on looking, and show what changes, until stopped', false)
    .option('--all', 'all applications, even if they do not fit on the screen', false)
    .option('--json', 'as JSON; with --watch one line for each change', false)
    .addHelpText('after', examples('rekeyd status', 'rekeyd status billing', 'rekeyd status --watch'))
    .action((applications, options) =>
      (options.watch ? ends : leaves)(async () =>
        (await import('../status.ts')).statusCommand({ ...options, applications }, terminal),
      ),
    );

  onPolicy('healthcheck', 'ask the daemon that runs with this policy whether it lives').action((options) =>
    leaves(async () => (await import('../healthcheck.ts')).healthcheckCommand(options, terminal)),
  );

  command('schema', 'print the JSON Schema of the policy file').action(() =>
    ends(async () => (await import('../schema.ts')).schemaCommand(terminal)),
  );
}

function days(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1 || number > 3_660)
    throw new InvalidArgumentError('write a number of days, 1 to 3660');
  return number;
}
