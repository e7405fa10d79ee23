import { parseListenAddress, sandboxHostMistake } from '../policy/address.ts';
import type { ListenAddress } from '../policy/policy.ts';
import { type Sandbox, type SandboxOptions, startSandbox } from '../sandbox/sandbox.ts';
import { startingStandIns } from './listening.ts';
import { EXIT, type Terminal, UsageError } from './terminal.ts';

/** Where each stand-in listens, as `HOST:PORT`; a free port of 127.0.0.1 when missing. */
export interface SandboxCommandOptions {
  readonly glesys?: string;
  readonly s3?: string;
  readonly vault?: string;
}

/**
 * Runs the stand-ins alone until told to stop, and prints one line of JSON that says how to reach them. Their
 * credentials are in it: they open nothing but these stand-ins. Throws `UsageError`, and `CannotBegin` where a port is
 * taken.
 */
export async function sandboxCommand(
  options: SandboxCommandOptions,
  terminal: Pick<Terminal, 'write' | 'stopped'>,
): Promise<number> {
  const sandbox = await startingStandIns(
    (server) => `--${server}`,
    () => startSandbox(addresses(options)),
  );
  try {
    terminal.write(`${JSON.stringify(introduction(sandbox))}\n`);
    await terminal.stopped;
    return EXIT.done;
  } finally {
    await sandbox.close();
  }
}

function addresses(options: SandboxCommandOptions): SandboxOptions {
  const given = Object.entries(options).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return Object.fromEntries(given.map(([server, text]) => [server, parse(server, text)]));
}

function parse(server: string, text: string): ListenAddress {
  const address = parseListenAddress(text);
  if (address === undefined)
    throw new UsageError(`--${server} ${text} is no address: write HOST:PORT, such as 127.0.0.1:8200`);
  const mistake = sandboxHostMistake(address.host);
  if (mistake !== undefined) throw new UsageError(`--${server} ${text}: ${mistake}`);
  return address;
}

function introduction(sandbox: Sandbox): Record<string, string> {
  const { glesys, s3, vault, roleId, secretId, project, apiKey, instance } = sandbox;
  return {
    glesys,
    s3,
    vault,
    role_id: roleId.reveal(),
    secret_id: secretId.reveal(),
    project,
    api_key: apiKey.reveal(),
    instance,
  };
}
