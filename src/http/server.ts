import type { AddressInfo } from 'node:net';
import { type FastifyInstance, fastify } from 'fastify';
import type { ListenAddress } from '../policy/policy.ts';
import { addApplications } from './applications.ts';
import { addEvents } from './events.ts';
import { doorsOf, guard } from './guard.ts';
import { addHealth } from './health.ts';
import { addOpenApi } from './openapi.ts';
import type { HttpOptions } from './options.ts';
import { addOverview, Overviews } from './overview.ts';
import { addPage } from './page.ts';
import { answerUnreadable, BODY_LIMIT, NAME_LIMIT, placeless } from './unread.ts';

export type { HttpOptions };

/** The running server. `url` has the port really bound, and no trailing slash. */
export interface HttpServer {
  readonly address: ListenAddress;
  readonly url: string;
  close(): Promise<void>;
}

/** Starts answering. Rejects when the address cannot be had. */
export async function startHttp(options: HttpOptions): Promise<HttpServer> {
  const server = buildHttp(options);
  await server.listen({ host: options.listen.host, port: options.listen.port });
  const bound = server.server.address() as AddressInfo;
  const host = bound.family === 'IPv6' ? `[${bound.address}]` : bound.address;
  return {
    address: { host: bound.address, port: bound.port },
    url: `http://${host}:${bound.port}`,
    close: () => server.close(),
  };
}

/** All the rooms of the house, and what holds at every door. `onRoute` hears of each. */
function buildHttp(options: HttpOptions): FastifyInstance {
  const server = fastify({
    logger: false,
    forceCloseConnections: true,
    bodyLimit: BODY_LIMIT,
    routerOptions: { maxParamLength: NAME_LIMIT },
    frameworkErrors: placeless(options),
    clientErrorHandler: answerUnreadable,
  });
  const doors = doorsOf(options);
  const overviews = new Overviews(options);
  if (options.onRoute) server.addHook('onRoute', options.onRoute);
  guard(server, options);
  addHealth(server, options);
  addPage(server, doors);
  addOpenApi(server, options, doors);
  addOverview(server, options, doors, overviews);
  addApplications(server, options, doors);
  addEvents(server, options, doors, overviews);
  return server;
}
