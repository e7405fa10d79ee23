import { once } from 'node:events';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { CERTIFICATE, CERTIFICATE_KEY } from './certificate.ts';
import { closing } from './failure.ts';

/** A server with the tests' own certificate that answers everything with `{"ok":true}`. Returns its URL. */
export async function tlsServer(): Promise<string> {
  const server = https.createServer({ cert: CERTIFICATE, key: CERTIFICATE_KEY }, (_request, response) => {
    response.end('{"ok":true}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing({
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  });
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
