import net, { type AddressInfo, type Socket } from 'node:net';

/** A TCP server of which every connection is handled by the test itself, so that it can be as rude as servers are. */
export interface RawServer {
  readonly port: number;
  readonly url: string;
  /** Connections taken so far. */
  readonly connections: () => number;
  close(): Promise<void>;
}

export async function rawServer(onConnection: (socket: Socket) => void): Promise<RawServer> {
  const open = new Set<Socket>();
  let connections = 0;
  const server = net.createServer((socket) => {
    connections += 1;
    open.add(socket.on('error', () => {}).on('close', () => open.delete(socket)));
    onConnection(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    connections: () => connections,
    close: async () => {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Waits for the request (or what is sent instead of one) before it does something with the connection. */
export function afterReading(then: (socket: Socket) => void): (socket: Socket) => void {
  return (socket) => {
    socket.once('data', () => then(socket));
  };
}

/** Answers every request with exactly these bytes and keeps the connection open. */
export function answering(bytes: string | Uint8Array): (socket: Socket) => void {
  return (socket) => {
    socket.on('data', () => socket.write(bytes));
  };
}

/** An HTTP answer as bytes. */
export function answerOf(status: number, body: string, headers: Readonly<Record<string, string>> = {}): string {
  const all = { date: new Date(0).toUTCString(), 'content-length': String(Buffer.byteLength(body)), ...headers };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} X\r\n${lines.join('')}\r\n${body}`;
}
