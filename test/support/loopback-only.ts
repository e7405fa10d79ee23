import net from 'node:net';

/**
 * No test talks to anything but this machine. Wrapping the one function every TCP client ends in catches all of them:
 * undici, node's fetch and http, and the AWS SDK.
 */
const connect = net.Socket.prototype.connect;
const loopback = new Set(['127.0.0.1', 'localhost', '::1']);

function target(args: unknown): { host?: string; path?: string | null } {
  const first = Array.isArray(args) ? target(args[0]) : args;
  return typeof first === 'object' && first !== null ? first : {};
}

net.Socket.prototype.connect = function (this: net.Socket, ...args: unknown[]): net.Socket {
  const { host, path } = target(args[0]);
  if (!path && host !== undefined && !loopback.has(host)) {
    throw new Error(`a test tried to connect to ${host}: tests talk to loopback only`);
  }
  return Reflect.apply(connect, this, args);
} as typeof connect;
