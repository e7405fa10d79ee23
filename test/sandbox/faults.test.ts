import { syncBuiltinESMExports } from 'node:module';
import timers from 'node:timers/promises';
import { request } from 'undici';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FaultBook, faultSchema } from '../../src/sandbox/faults.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts';

/** Takes node's timer into the test's own hand: `begun` is how long somebody wants to wait, `end` lets them go on. */
function holdDelays() {
  const begun = Promise.withResolvers<number | undefined>();
  const over = Promise.withResolvers<void>();
  const spy = vi.spyOn(timers, 'setTimeout').mockImplementation(async (ms, value) => {
    begun.resolve(ms);
    await over.promise;
    return value as never;
  });
  syncBuiltinESMExports();
  const restore = () => {
    spy.mockRestore();
    syncBuiltinESMExports();
  };
  return { begun: begun.promise, end: () => over.resolve(), restore };
}

describe('faults', () => {
  let sandbox: Sandbox;

  beforeEach(async () => {
    sandbox = await startSandbox();
  });
  afterEach(() => sandbox.close());

  const ask = (server: string, fault: object) =>
    fetch(`${server}/_sandbox/faults`, { method: 'POST', body: JSON.stringify(fault) });
  const write = (cas: number) =>
    request(`${sandbox.vault}/v1/secret/data/a`, {
      method: 'PUT',
      headers: { 'x-vault-token': sandbox.rootToken.reveal() },
      body: JSON.stringify({ options: { cas }, data: { n: cas } }),
    });
  const stored = () => sandbox.vaultStore.peek('a');

  it('status: answers so, in the words of the server, and does nothing', async () => {
    await ask(sandbox.vault, { fault: 'status', method: 'PUT', path: '/v1/secret', status: 500 });
    const { statusCode, body } = await write(0);
    expect(statusCode).toBe(500);
    expect(await body.json()).toEqual({ errors: ['the sandbox was asked to fail'] });
    expect(stored()).toBeUndefined();
  });

  it('status: takes a body and headers', async () => {
    await ask(sandbox.vault, { fault: 'status', status: 429, body: 'slow down', headers: { 'retry-after': '7' } });
    const { statusCode, headers, body } = await write(0);
    expect([statusCode, headers['retry-after'], await body.text()]).toEqual([429, '7', 'slow down']);
  });

  it('status_after: answers so after doing it', async () => {
    await ask(sandbox.vault, { fault: 'status_after', status: 500 });
    expect((await write(0)).statusCode).toBe(500);
    expect(stored()).toEqual({ n: 0 });
  });

  it('delay: waits as long as it was asked to, then does and answers as usual', async () => {
    await ask(sandbox.vault, { fault: 'delay', delay_ms: 600_000 });
    const delay = holdDelays();
    try {
      const written = write(0);
      expect(await delay.begun).toBe(600_000);
      expect(stored()).toBeUndefined();
      delay.end();
      expect((await written).statusCode).toBe(200);
      expect(stored()).toEqual({ n: 0 });
    } finally {
      delay.restore();
    }
  });

  it('drop_before: cuts the connection and does nothing', async () => {
    await ask(sandbox.vault, { fault: 'drop_before' });
    await expect(write(0)).rejects.toMatchObject({ code: 'UND_ERR_SOCKET' });
    expect(stored()).toBeUndefined();
  });

  it('drop_after: cuts the connection after doing it', async () => {
    await ask(sandbox.vault, { fault: 'drop_after' });
    await expect(write(0)).rejects.toMatchObject({ code: 'UND_ERR_SOCKET' });
    expect(stored()).toEqual({ n: 0 });
  });

  it('html: answers a page and does nothing', async () => {
    await ask(sandbox.glesys, { fault: 'html', path: '/objectstorage' });
    const { statusCode, headers, body } = await request(`${sandbox.glesys}/objectstorage/listinstances`);
    expect([statusCode, headers['content-type']]).toEqual([200, 'text/html']);
    expect(await body.text()).toContain('<!DOCTYPE html>');
  });

  it('half: does it, and cuts the connection in the middle of the body', async () => {
    await ask(sandbox.vault, { fault: 'half' });
    const { statusCode, body } = await write(0);
    expect(statusCode).toBe(200);
    await expect(body.text()).rejects.toMatchObject({ code: 'UND_ERR_SOCKET' });
    expect(stored()).toEqual({ n: 0 });
  });

  it('every: strikes each n-th matching request only', async () => {
    await ask(sandbox.vault, { fault: 'status', method: 'PUT', status: 500, every: 3 });
    const statuses = [];
    for (const cas of [0, 1, 2, 2, 3]) statuses.push((await write(cas)).statusCode);
    expect(statuses).toEqual([200, 200, 500, 200, 200]);
  });

  it('times: strikes so often at most', async () => {
    await ask(sandbox.vault, { fault: 'status', status: 500, times: 2 });
    const statuses = [];
    for (const cas of [0, 0, 0, 1]) statuses.push((await write(cas)).statusCode);
    expect(statuses).toEqual([500, 500, 200, 200]);
  });

  it('spare other methods, other paths and other servers', async () => {
    await ask(sandbox.vault, { fault: 'status', method: 'get', path: '/v1/secret/data', status: 500 });
    await ask(sandbox.vault, { fault: 'status', method: 'PUT', path: '/v1/other', status: 500 });
    await ask(sandbox.s3, { fault: 'status', status: 500 });
    expect((await write(0)).statusCode).toBe(200);
  });

  it('strike S3 in its own words', async () => {
    await ask(sandbox.s3, { fault: 'status', status: 503 });
    const response = await fetch(sandbox.s3);
    expect(response.status).toBe(503);
    expect(await response.text()).toContain('<Code>InternalError</Code>');
  });

  it('are listed with how often they struck, and cleared', async () => {
    await ask(sandbox.vault, { fault: 'status', method: 'PUT', status: 500, every: 2 });
    await write(0);
    await write(1);
    const listed = await (await fetch(`${sandbox.vault}/_sandbox/faults`)).json();
    expect(listed).toEqual({
      faults: [{ fault: 'status', method: 'PUT', status: 500, every: 2, matched: 2, struck: 1 }],
    });
    expect((await fetch(`${sandbox.vault}/_sandbox/faults`, { method: 'DELETE' })).status).toBe(204);
    expect(sandbox.servers.vault.faults.list()).toEqual([]);
    expect((await write(1)).statusCode).toBe(200);
  });

  it.each([
    ['an unknown fault', { fault: 'explode' }],
    ['an unknown member', { fault: 'drop_after', sometimes: true }],
    ['a status fault without status', { fault: 'status' }],
    ['a delay without its length', { fault: 'delay' }],
    ['a path that is none', { fault: 'drop_after', path: 'v1' }],
    ['every zeroth', { fault: 'drop_after', every: 0 }],
    ['a status that HTTP does not have', { fault: 'status', status: 99 }],
  ])('refuses %s with 400 and asks for what is right', async (_what, fault) => {
    const response = await ask(sandbox.vault, fault);
    expect(response.status).toBe(400);
    expect(((await response.json()) as { error: string }).error.length).toBeGreaterThan(10);
    expect(sandbox.servers.vault.faults.list()).toEqual([]);
  });

  it('strike one at a time, in the order in which they were asked for', () => {
    const book = new FaultBook();
    book.add(faultSchema.parse({ fault: 'drop_before', times: 1 }));
    book.add(faultSchema.parse({ fault: 'drop_after', times: 1 }));
    const struck = [1, 2, 3].map(() => book.strike('GET', '/')?.fault);
    expect(struck).toEqual(['drop_before', 'drop_after', undefined]);
  });
});
