import { parseListenAddress, sandboxHostMistake } from '../policy/address.ts';
import type { ListenAddress } from '../policy/policy.ts';
import { MissingSecret, type Secret } from '../policy/secret.ts';
import { secretSource } from '../policy/secrets.ts';
import { type Sandbox, type SandboxOptions, startSandbox } from '../sandbox/sandbox.ts';
import { startingStandIns } from './listening.ts';
import { EXIT, type Terminal, UsageError } from './terminal.ts';

export interface SandboxCommandOptions {
  /** Where each stand-in listens, as `HOST:PORT`; a free port of 127.0.0.1 when missing. */
  readonly glesys?: string;
  readonly s3?: string;
  readonly vault?: string;
  /** Lets them listen elsewhere too, as between containers. */
  readonly offLoopback?: boolean;
  /** The first instance of the GleSYS API; made up when missing. */
  readonly instance?: string;
  /** A file with its API key; made up when missing. */
  readonly apiKeyFile?: string;
}

const STAND_INS = ['glesys', 's3', 'vault'] as const;

/**
 * Runs the stand-ins alone until told to stop, and prints one line of JSON that says how to reach them. Their
 * credentials are in it: they open nothing but these stand-ins. Throws `UsageError`, and `CannotBegin` where a port is
 * taken.
 */
export async function sandboxCommand(
  options: SandboxCommandOptions,
  terminal: Pick<Terminal, 'write' | 'stopped'>,
): Promise<number> {
  const { instance, apiKeyFile } = options;
  const apiKey = apiKeyFile === undefined ? undefined : await readKey(apiKeyFile);
  const known = { ...addresses(options), ...(instance !== undefined && { instance }), ...(apiKey && { apiKey }) };
  const sandbox = await startingStandIns(
    (server) => `--${server}`,
    () => startSandbox(known),
  );
  try {
    terminal.write(`${JSON.stringify(introduction(sandbox, apiKey === undefined))}\n`);
    await terminal.stopped;
    return EXIT.done;
  } finally {
    await sandbox.close();
  }
}

function addresses(options: SandboxCommandOptions): SandboxOptions {
  const { offLoopback = false } = options;
  const given = STAND_INS.flatMap((server) => {
    const text = options[server];
    return text === undefined ? [] : [[server, { ...parse(server, text, offLoopback), offLoopback }] as const];
  });
  return Object.fromEntries(given);
}

function parse(server: string, text: string, offLoopback: boolean): ListenAddress {
  const address = parseListenAddress(text);
  if (address === undefined)
    throw new UsageError(`--${server} ${text} is no address: write HOST:PORT, such as 127.0.0.1:8200`);
  const mistake = sandboxHostMistake(address.host, offLoopback);
  if (mistake !== undefined) throw new UsageError(`--${server} ${text}: ${mistake}`);
  return address;
}

function readKey(file: string): Promise<Secret> {
  return secretSource({ file })().catch((error: Error) => {
    throw error instanceof MissingSecret ? new UsageError(`--api-key-file: ${error.message.split(';')[0]}`) : error;
  });
}

/** A key that somebody else made is not told again. */
function introduction(sandbox: Sandbox, isKeyNew: boolean): Record<string, string> {
  const { glesys, s3, vault, roleId, secretId, project, apiKey, instance } = sandbox;
  return {
    glesys,
    s3,
    vault,
    role_id: roleId.reveal(),
    secret_id: secretId.reveal(),
    project,
    ...(isKeyNew && { api_key: apiKey.reveal() }),
    instance,
  };
}
