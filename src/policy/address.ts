import { BlockList, isIP } from 'node:net';
import type { ListenAddress } from './policy.ts';

/** `host:port`, `[::1]:port`; `undefined` where the text is none. */
export function parseListenAddress(text: string): ListenAddress | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9.-]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  return host !== undefined && port <= 65_535 ? { host, port } : undefined;
}

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** Whether a host (a name or address, IPv6 with or without brackets) is this machine itself. */
export function isLoopback(host: string): boolean {
  const address = host.replace(/^\[(.*)\]$/, '$1');
  const family = isIP(address);
  return family === 0 ? address.toLowerCase() === 'localhost' : loopback.check(address, family === 4 ? 'ipv4' : 'ipv6');
}

/**
 * Why stand-ins cannot listen at a host: they hand out their credentials. `undefined` where they can, as anywhere once
 * somebody said that nobody else is in that network (`offLoopback`).
 */
export function sandboxHostMistake(host: string, offLoopback = false): string | undefined {
  return offLoopback || isLoopback(host)
    ? undefined
    : `the sandbox listens on loopback only: ${host} is not; use 127.0.0.1`;
}

/** What is wrong with the address of a server; `undefined` where nothing is. */
export function addressMistake(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || url.hostname === '') {
    return 'must be an address such as https://vault.example.net:8200';
  }
  if (url.username !== '' || url.password !== '') return 'must not carry a user or password';
  if (url.search !== '' || url.hash !== '') return 'must end before "?" and "#"';
  return undefined;
}

/** Whether what is sent there could be read on the way: plain http to another machine. */
export function isPlainHttp(text: string): boolean {
  const url = new URL(text);
  return url.protocol === 'http:' && !isLoopback(url.hostname);
}

/** The address without a trailing slash. */
export function baseUrl(text: string): string {
  return new URL(text).href.replace(/\/+$/, '');
}
