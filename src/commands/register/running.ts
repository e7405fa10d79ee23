import { EXIT } from '../terminal.ts';
import type { Registry } from './registry.ts';

/** The commands that go on until they are stopped. */
export function registerRunning(registry: Registry): void {
  const { onPolicy, command, ends, terminal } = registry;
  onPolicy('run', 'rotate what is due, until stopped')
    .option('--once', 'do what is due now and end', false)
    .action((options) =>
      ends(async () => {
        const code = await (await import('../run.ts')).runCommand(options, terminal);
        // a daemon whose log nobody takes any more should be started again by whoever looks after it
        return registry.isUnread && !options.once ? EXIT.failed : code;
      }),
    );

  command('sandbox', 'run the stand-ins for GleSYS, S3 and Vault alone')
    .option('--glesys <host:port>', 'where the GleSYS API listens')
    .option('--s3 <host:port>', 'where S3 listens')
    .option('--vault <host:port>', 'where Vault listens')
    .option('--off-loopback', 'let them listen elsewhere too: only in a network of their own, as between containers')
    .option('--instance <id>', 'the instance that the GleSYS API has (else made up)')
    .option('--api-key-file <file>', 'what opens the GleSYS API (else made up)')
    .action((options) => ends(async () => (await import('../sandbox.ts')).sandboxCommand(options, terminal)));
}
