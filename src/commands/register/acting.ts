import { collect, examples, type Registry } from './registry.ts';

/** The commands that change something. */
export function registerActing({ onPolicy, ends, terminal }: Registry): void {
  onPolicy('rotate', 'rotate applications now')
    .argument('[application...]', 'these')
    .option('--all', 'all of them', false)
    .option('--despite <code>', 'lift this refusal, for one application; may be said again', collect, [])
    .option('--json', 'as JSON', false)
    .addHelpText(
      'after',
      examples('rekeyd rotate billing', 'rekeyd rotate --all', 'rekeyd rotate billing --despite edited'),
    )
    .action((applications, options) =>
      ends(async () => (await import('../rotate.ts')).rotateCommand({ ...options, applications }, terminal)),
    );

  onPolicy('hold', 'rotate nothing of an application by schedule and revoke nothing, until a time')
    .argument('<application>', 'name of the application in the policy')
    .requiredOption('--until <time>', 'a duration from now, or a date (UTC), perhaps with a time')
    .option('--why <words>', 'what for, as others read it', '')
    .addHelpText(
      'after',
      examples('rekeyd hold billing --until 4h', 'rekeyd hold billing --until 2026-12-27 --why "change freeze"'),
    )
    .action((application, options) =>
      ends(async () => (await import('../hold.ts')).holdCommand({ ...options, application }, terminal)),
    );

  onPolicy('release', 'end a hold')
    .argument('<application>', 'name of the application in the policy')
    .action((application, options) =>
      ends(async () => (await import('../release.ts')).releaseCommand({ ...options, application }, terminal)),
    );

  onPolicy('retire', 'take an application out of service: its fields leave the secret, its keys get their grace')
    .argument('<application>', 'name of the application in the policy')
    .option('--delete-secret', 'delete its secret too, once nothing that was issued for it lives', false)
    .option('--yes', 'do not ask', false)
    .addHelpText('after', examples('rekeyd retire billing', 'rekeyd retire billing --delete-secret --yes'))
    .action((application, options) =>
      ends(async () => (await import('../retire.ts')).retireCommand({ ...options, application }, terminal)),
    );
}
