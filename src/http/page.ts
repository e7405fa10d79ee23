import { extname } from 'node:path';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { DASHBOARD_FILES } from './dashboard-files.ts';
import type { Doors } from './guard.ts';

const INDEX = 'index.html';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** The page is made of its own files and speaks to its own server only. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join('; ');

const HEADERS = {
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'x-frame-options': 'DENY',
  'cross-origin-opener-policy': 'same-origin',
};

/** The files of the page: everybody may have them, they hold nothing. */
export function addPage(server: FastifyInstance, { open }: Doors): void {
  const send = (reply: FastifyReply, name: string) =>
    reply
      .headers(HEADERS)
      .type(TYPES[extname(name)] ?? 'application/octet-stream')
      .send(DASHBOARD_FILES.get(name));
  server.get('/', open, (_request, reply) => send(reply, INDEX));
  for (const name of DASHBOARD_FILES.keys()) {
    if (name !== INDEX) server.get(`/dashboard/${name}`, open, (_request, reply) => send(reply, name));
  }
}
