import { BlockList, isIP } from 'node:net';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** Whether a host (name or address, IPv6 with or without brackets) is this machine's own. */
export function isLoopback(host: string): boolean {
  const address = host.replace(/^\[(.*)\]$/, '$1');
  const family = isIP(address);
  return family === 0 ? address.toLowerCase() === 'localhost' : loopback.check(address, family === 4 ? 'ipv4' : 'ipv6');
}

/** The host of a `Host` header, without its port. */
export function hostOf(header: string): string {
  return header.replace(/:\d+$/, '');
}
