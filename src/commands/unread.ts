import type { Writable } from 'node:stream';

/** What writing fails with once the other end of a pipe is closed, and again after that. */
const UNREAD: ReadonlySet<string | undefined> = new Set(['EPIPE', 'ERR_STREAM_DESTROYED']);

/** Calls back once nobody reads this stream any more (`rekeyd status | head -1`), which is no error of ours. */
export function whenUnread(stream: Writable, then: () => void): void {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (!UNREAD.has(error.code)) throw error;
    then();
  });
}
