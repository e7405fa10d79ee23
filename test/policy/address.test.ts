import { expect, test } from 'vitest';
import { isLoopback, isPlainHttp } from '../../src/policy/address.ts';

test.each(['localhost', 'LOCALHOST', '127.0.0.1', '127.8.9.10', '::1', '[::1]', '0:0:0:0:0:0:0:1', '::ffff:127.0.0.1'])(
  '%s is this machine itself',
  (host) => {
    expect(isLoopback(host)).toBe(true);
  },
);

test.each([
  '',
  '0.0.0.0',
  '::',
  '10.0.0.1',
  '127.0.0.999',
  '127.0.0.1.example.net',
  'localhost.example.net',
  'fe80::1',
])('"%s" is not', (host) => {
  expect(isLoopback(host)).toBe(false);
});

test('plain http is http to another machine', () => {
  const addresses = ['http://127.1:1', 'http://[::1]', 'https://vault.example.net', 'http://vault.example.net'];
  expect(addresses.filter(isPlainHttp)).toEqual(['http://vault.example.net']);
});
