import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { httpProblemShape } from '../../src/http/shapes.ts';
import { bearer, serve, started, token } from './serving.ts';

/** Sends bytes as they are; returns the head and the body of the answer. */
async function exchanged(port: number, bytes: string): Promise<{ head: string; body: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let answer = '';
  const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
  socket.setEncoding('utf8').on('data', (piece: string) => {
    answer += piece;
  });
  socket.on('error', reject).on('end', () => resolve(answer));
  const [head = '', body = ''] = (await promise).split('\r\n\r\n');
  return { head, body };
}

const problemIn = (text: string) => httpProblemShape.parse(JSON.parse(text));

/** Paths that no route is ever asked for. */
const PLACELESS = [
  ['broken off', '/api/v1/applications/%E0%A4%A', 400, 'bad-request'],
  ['300 characters long', `/api/v1/applications/${'n'.repeat(300)}`, 414, 'name-too-long'],
] as const;

test.each(PLACELESS)(
  'what the framework cannot place is a problem like any other: a name that is %s',
  async (_, path, status, code) => {
    const answer = await (await serve())(path);
    expect(answer.status).toBe(status);
    expect(answer.headers).toMatchObject({
      'content-type': expect.stringMatching(/^application\/problem\+json/),
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    });
    expect(problemIn(answer.text)).toMatchObject({ status, code });
    expect(answer.text).not.toContain(path.slice(-9));
  },
);

test.each(PLACELESS)('nor does it answer who asks by another name: a name that is %s', async (_, path) => {
  const { address } = await started();
  const { head, body } = await exchanged(address.port, `GET ${path} HTTP/1.0\r\nhost: evil.example\r\n\r\n`);
  expect(head).toMatch(/^HTTP\/1\.1 421 /);
  expect(problemIn(body)).toMatchObject({ status: 421, code: 'wrong-host' });
});

test.each([
  ['a garbled request', 'GET / HTTP/1.1\r\nno colon\r\n\r\n', 400, 'bad-request'],
  ['a method that nobody knows', 'BREW / HTTP/1.1\r\nhost: localhost\r\n\r\n', 400, 'bad-request'],
  ['large headers', `GET / HTTP/1.1\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`, 431, 'headers-too-large'],
])('what cannot be read is a problem too, and ends the connection: %s', async (_, bytes, status, code) => {
  const { address } = await started();
  const { head, body } = await exchanged(address.port, bytes);
  expect(head).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  for (const line of ['content-type: application/problem+json', 'cache-control: no-store', 'connection: close']) {
    expect(head.split('\r\n')).toContain(line);
  }
  expect(head.split('\r\n')).toContain(`content-length: ${Buffer.byteLength(body)}`);
  expect(problemIn(body)).toMatchObject({ status, code });
});

test.each([
  ['PUT', '/api/v1/overview', 'GET, HEAD'],
  ['PATCH', '/api/v1/overview?x=1', 'GET, HEAD'],
  ['DELETE', '/api/v1/applications/billing', 'GET, HEAD'],
  ['OPTIONS', '/%61pi/v1/overview', 'GET, HEAD'],
  ['POST', '/', 'GET, HEAD'],
  ['GET', '/api/v1/applications/billing/rotate', 'POST'],
] as const)('by a method that is not for it an address says which are: %s %s', async (method, path, allow) => {
  const answer = await (await serve({ token }))(path, { ...bearer, 'content-type': 'text/xml' }, method);
  expect(answer.status).toBe(405);
  expect(answer.headers['allow']).toBe(allow);
  expect(problemIn(answer.text)).toMatchObject({ status: 405, code: 'wrong-method' });
});

test('where nothing is, no method is named', async () => {
  const ask = await serve();
  for (const path of ['/nothing', '/api/v1/applications/billing/else', '/api/v1/applications//rotate']) {
    const answer = await ask(path, {}, 'PUT');
    expect([answer.status, answer.json().code, answer.headers['allow']]).toEqual([404, 'not-found', undefined]);
  }
});

test.each(['GET /x#%zz', 'DELETE /healthz#%zz', 'DELETE /x%zz', 'POST /healthz?%zz'])(
  'an address that means nothing is no defect of ours: %s',
  async (line) => {
    const { address } = await started();
    const { head } = await exchanged(address.port, `${line} HTTP/1.0\r\nhost: localhost\r\n\r\n`);
    expect(head).toMatch(/^HTTP\/1\.1 4\d\d /);
  },
);

test('a body that is too large or of another kind is told what it may be', async () => {
  const { address } = await started({ token });
  const sent = (type: string, length: number) =>
    exchanged(
      address.port,
      `POST /api/v1/applications/billing/rotate HTTP/1.0\r\nhost: localhost\r\nauthorization: ${bearer.authorization}\r\ncontent-type: ${type}\r\ncontent-length: ${length}\r\n\r\n${'x'.repeat(length)}`,
    );
  const tooLarge = problemIn((await sent('text/plain', 1_025)).body);
  expect(tooLarge).toMatchObject({ status: 413, code: 'body-too-large' });
  expect(tooLarge.detail).toContain('A body may have 1 KiB');
  const wrongType = problemIn((await sent('text/xml', 3)).body);
  expect(wrongType).toMatchObject({ status: 415, code: 'wrong-media-type' });
  expect(wrongType.detail).toContain('application/json or text/plain');
});
