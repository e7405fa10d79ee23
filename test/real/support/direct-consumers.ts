import { type Account, openAccount } from './account.ts';
import { createRole, login } from './approle.ts';
import { fromVault } from './key-source.ts';
import { pathOf } from './record.ts';
import { S3Consumer } from './s3-consumer.ts';
import type { Setting } from './setting.ts';

/** The account of a scenario on one instance, and the consumers that it counts. */
export interface DirectConsumers {
  readonly account: Account;
  /** From now on somebody reads this application's secret from Vault every second and uses it. */
  readonly consume: (application: string) => void;
}

export async function openDirectConsumers(
  setting: Setting,
  name: string,
  applications: readonly string[],
): Promise<DirectConsumers> {
  const { vault } = setting;
  const account = await openAccount(setting, name, applications);
  const reader = 'path "secret/data/apps/*" { capabilities = ["read"] }';
  const token = await login(vault, await createRole(vault, 'consumer', reader, { ttl: '1h', maxTtl: '1h' }));
  const consume = (application: string): void => {
    const path = (): string => `secret/data/${pathOf(application)}`;
    const source = fromVault({ address: () => vault.address, token, path, refreshMs: 1_000 });
    account.watch(new S3Consumer(application, source));
  };
  return { account, consume };
}
