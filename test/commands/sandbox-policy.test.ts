import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { complain } from '../../src/commands/complain.ts';
import { healthcheckCommand } from '../../src/commands/healthcheck.ts';
import { runCommand } from '../../src/commands/run.ts';
import { statusCommand } from '../../src/commands/status.ts';
import { CannotBegin, EXIT, UsageError } from '../../src/commands/terminal.ts';
import { findAnnounced } from '../../src/sandbox/rendezvous.ts';
import { written } from '../policy/written.ts';
import { poll } from '../support/poll.ts';
import { pretendTerminal } from '../support/terminal.ts';

/** A policy with a sandbox: what commands do beside a daemon that runs with it, and without one. */
const policy = (more = '{}', listen = '127.0.0.1:0') =>
  written({
    'rekeyd.yaml': `
owner: test
sandbox: ${more}
issuers: { local: { type: glesys, limits: { per_second: 1000 } } }
defaults: { verify: { timeout: 10s, successes: 1 } }
scheduler: { spread: 0s }
http: { listen: "${listen}" }
log: { level: silent }
applications: { web: { issuer: local, path: apps/web } }
`,
  });

/** Starts a daemon that ends with the test; gone through once it is announced with its HTTP address. */
async function daemon(config: string): Promise<{ stop: () => Promise<number> }> {
  const terminal = pretendTerminal();
  const ended = runCommand({ config, once: false }, terminal);
  const stop = () => {
    terminal.stop();
    return ended;
  };
  onTestFinished(() => void stop());
  await poll('the announcement', 20_000, async () => (await findAnnounced(config))?.http);
  return { stop };
}

async function generation(config: string): Promise<number | undefined> {
  const terminal = pretendTerminal();
  await statusCommand({ config, applications: [], json: true }, terminal);
  return JSON.parse(terminal.written())[0].generation;
}

test('run --once acts in the sandbox of the daemon that runs, and leaves its announcement alone', async () => {
  const config = await policy();
  const running = await daemon(config);
  const before = await findAnnounced(config);
  await poll('a first generation', 20_000, async () => ((await generation(config)) === 1 ? true : undefined));
  const terminal = pretendTerminal();
  expect(await runCommand({ config, once: true }, terminal)).toBe(0);
  expect(terminal.complained()).toBe('');
  expect((await findAnnounced(config))?.vault).toBe(before?.vault);
  expect(await generation(config)).toBe(1);
  expect(await running.stop()).toBe(0);
  expect(await findAnnounced(config)).toBeUndefined();
});

test('a second daemon with the same sandbox policy is refused, and the first goes on', async () => {
  const config = await policy();
  const running = await daemon(config);
  await expect(runCommand({ config, once: false }, pretendTerminal())).rejects.toThrow(
    new UsageError(
      'a daemon already runs with this policy; stop it first. The other commands, `run --once` too, act beside it in its sandbox',
    ),
  );
  expect(await findAnnounced(config)).toBeDefined();
  expect(await running.stop()).toBe(0);
});

test('a command that finds no daemon says that its sandbox is an empty one of its own', async () => {
  const config = await policy();
  const said = 'no daemon runs with this policy: looking at an empty sandbox of its own';
  const options = { config, applications: [], json: true };
  const piped = pretendTerminal();
  expect(await statusCommand(options, piped)).toBe(0);
  expect(JSON.parse(piped.complained())).toMatchObject({ level: 'warn', event: 'sandbox.own', msg: said });
  const read = pretendTerminal({}, { isInteractive: true });
  await statusCommand(options, read);
  expect(read.complained()).toBe(`${said}\n`);
});

test('healthcheck finds a daemon that listens on any free port, and nobody can without one', async () => {
  const config = await policy();
  await expect(healthcheckCommand({ config }, pretendTerminal())).rejects.toThrow(
    'http.listen has port 0, any free one: nobody can know where to ask, and no daemon runs with this policy here',
  );
  const running = await daemon(config);
  const terminal = pretendTerminal();
  expect(await healthcheckCommand({ config }, terminal)).toBe(0);
  expect(terminal.written()).toBe('rekeyd is well\n');
  expect(await running.stop()).toBe(0);
});

test('an address that is taken is 1 and said with what to change', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const taken = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const tell = async (config: string) => {
    const error = await runCommand({ config, once: false }, pretendTerminal()).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(CannotBegin);
    const terminal = pretendTerminal();
    expect(complain(error, terminal)).toBe(EXIT.failed);
    return terminal.complained();
  };
  const begins = `${taken} is already in use: is another rekeyd running there? Give another address with`;
  expect(await tell(await policy('{}', taken))).toBe(`${begins} http.listen in the policy or REKEYD_HTTP_LISTEN.\n`);
  expect(await tell(await policy(`{ vault: "${taken}" }`))).toBe(`${begins} sandbox.vault in the policy.\n`);
});
