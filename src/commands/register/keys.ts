import { examples, type Registry } from './registry.ts';

/** The commands about credentials themselves. */
export function registerKeys({ onPolicy, ends, leaves, terminal }: Registry): void {
  onPolicy('keys', 'every credential of an issuer’s instance: whose it is, how it stands, how old it is')
    .argument('<issuer>', 'name of the issuer in the policy')
    .option('--create <description>', 'create one by hand and print its secret, once')
    .option('--yes', 'create without asking', false)
    .option('--json', 'as JSON', false)
    .addHelpText('after', examples('rekeyd keys sto1', 'rekeyd keys sto1 --create "for the migration in May"'))
    .action((issuer, options) =>
      (options.create === undefined ? leaves : ends)(async () =>
        (await import('../keys.ts')).keysCommand({ ...options, issuer }, terminal),
      ),
    );

  onPolicy('revoke', 'revoke a credential for good; a current one must be rotated first')
    .argument('<issuer>', 'name of the issuer in the policy')
    .argument('<access-key-id>', 'as rekeyd keys shows it')
    .option('--yes', 'do not ask', false)
    .addHelpText('after', examples('rekeyd revoke sto1 AKIAIOSFODNN7EXAMPLE'))
    .action((issuer, accessKeyId, options) =>
      ends(async () => (await import('../revoke.ts')).revokeCommand({ ...options, issuer, accessKeyId }, terminal)),
    );

  onPolicy('leaked', 'replace a leaked credential at once, and revoke it after a short grace')
    .argument('<access-key-id>', 'of whatever application')
    .option('--grace <duration>', 'how long consumers get to read the new one (0s: none); asked for if missing')
    .option('--yes', 'do not ask', false)
    .addHelpText('after', examples('rekeyd leaked AKIAIOSFODNN7EXAMPLE --grace 5m'))
    .action((accessKeyId, options) =>
      ends(async () => (await import('../leaked.ts')).leakedCommand({ ...options, accessKeyId }, terminal)),
    );

  onPolicy('credentials', 'print an application’s credential as the AWS SDKs’ credential_process wants it')
    .argument('<application>', 'name of the application in the policy')
    .addHelpText('after', examples('credential_process = rekeyd credentials billing --config /etc/rekeyd/rekeyd.yaml'))
    .action((application, options) =>
      leaves(async () => (await import('../credentials.ts')).credentialsCommand({ ...options, application }, terminal)),
    );
}
