import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { Feed } from './feed.ts';
import { FEED_LIMITS } from './feed-limits.ts';
import type { Doors } from './guard.ts';
import type { HttpOptions } from './options.ts';
import type { Overviews } from './overview.ts';
import { type HttpProblem, sendProblem } from './problem.ts';

/** What changes, as it changes. */
export function addEvents(
  server: FastifyInstance,
  options: HttpOptions,
  { reading }: Doors,
  overviews: Overviews,
): void {
  const limits = { ...FEED_LIMITS, ...options.feed };
  const feed = new Feed(options, overviews, limits);
  server.addHook('preClose', async () => feed.close());
  server.get('/api/v1/events', reading, (_request, reply) => {
    if (feed.isFull) return sendProblem(reply.header('retry-after', RETRY_SECONDS), tooManyViewers);
    return stream(reply, feed, limits.patienceMs);
  });
}

const RETRY_SECONDS = 30;

/**
 * The stream is read only as fast as the other side takes it; one that takes nothing at all is dropped.
 * Who left before now is no viewer: nothing would tell of it again.
 */
function stream(reply: FastifyReply, feed: Feed, patienceMs: number): FastifyReply {
  if (reply.raw.destroyed) return reply.hijack();
  const viewer = feed.join();
  const body = Readable.from(feed.watch(viewer), { objectMode: false, highWaterMark: 64 * 1024 });
  const isStuck = stuckness(reply.raw);
  const watchdog = setInterval(() => {
    if (isStuck()) reply.raw.destroy();
  }, patienceMs).unref();
  reply.raw.once('close', () => {
    clearInterval(watchdog);
    feed.part(viewer);
  });
  return reply.type('text/event-stream; charset=utf-8').header('x-accel-buffering', 'no').send(body);
}

/** Whether nothing could be sent since it was asked last, though something waits. */
function stuckness(response: ServerResponse): () => boolean {
  let before = -1;
  return () => {
    const sent = response.socket?.bytesWritten ?? 0;
    const isStuck = response.writableNeedDrain && sent === before;
    before = sent;
    return isStuck;
  };
}

const tooManyViewers: HttpProblem = {
  status: 503,
  title: 'Too many viewers',
  code: 'too-many-viewers',
  detail: 'So many pages are open already that no more are served. Close one, or ask again later.',
};
