import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { healthcheckCommand } from '../../src/commands/healthcheck.ts';
import { pretendTerminal } from '../support/terminal.ts';

const closers: (() => void)[] = [];

afterEach(() => {
  for (const close of closers.splice(0)) close();
});

async function listening(host: string, answer: RequestListener): Promise<number> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** The command's exit code and what it wrote, with a policy that listens there. */
async function run(host: string, port: number): Promise<{ code: number; written: string }> {
  const terminal = pretendTerminal({ REKEYD_HTTP_LISTEN: `${host.includes(':') ? `[${host}]` : host}:${port}` });
  const code = await healthcheckCommand({ config: 'config/rekeyd.yaml' }, terminal);
  return { code, written: terminal.written() };
}

test('is 0 with one line when the daemon says that it lives', async () => {
  const paths: (string | undefined)[] = [];
  const port = await listening('127.0.0.1', (request, response) => {
    paths.push(request.url);
    response.end('{}');
  });
  expect(await run('127.0.0.1', port)).toEqual({ code: 0, written: 'rekeyd is well\n' });
  expect(paths).toEqual(['/healthz']);
});

test.each([
  ['0.0.0.0', '127.0.0.1'],
  ['::', '::1'],
])('a daemon that listens on %s is asked at %s', async (listen, loopback) => {
  const port = await listening(loopback, (_request, response) => response.end());
  expect((await run(listen, port)).code).toBe(0);
});

test('is 1 and says what it got when the daemon is not well', async () => {
  const port = await listening('127.0.0.1', (_request, response) => response.writeHead(503).end());
  const { code, written } = await run('127.0.0.1', port);
  expect(code).toBe(1);
  expect(written).toMatch(/^rekeyd is not well: .* answered 503\n$/);
});

test('is 1 when nobody listens', async () => {
  const port = await listening('127.0.0.1', () => {});
  for (const close of closers.splice(0)) close();
  const { code, written } = await run('127.0.0.1', port);
  expect(code).toBe(1);
  expect(written).toMatch(/^rekeyd does not answer at .*ECONNREFUSED.*\n$/);
});

test('is 1 when there is no answer within three seconds', async () => {
  const port = await listening('127.0.0.1', () => {});
  const { code, written } = await run('127.0.0.1', port);
  expect(code).toBe(1);
  expect(written).toContain('nothing within 3 s');
});

test('a port that nobody can know is a mistake in the call', async () => {
  await expect(run('127.0.0.1', 0)).rejects.toThrow('port 0');
});
