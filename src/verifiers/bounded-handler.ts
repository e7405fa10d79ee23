import { pipeline, Readable, Transform } from 'node:stream';
import { NodeHttpHandler } from '@smithy/node-http-handler';

/** Longer than any list of buckets, in bytes. */
const LONGEST_ANSWER = 32 * 1024 * 1024;

type Handle = NodeHttpHandler['handle'];

/** The SDK reads an answer to its end, however long that is; what is longer than any list of buckets is cut off here. */
export class BoundedHandler extends NodeHttpHandler {
  override async handle(...args: Parameters<Handle>): ReturnType<Handle> {
    const answer = await super.handle(...args);
    const { response } = answer;
    if (response.body instanceof Readable) response.body = pipeline(response.body, atMost(LONGEST_ANSWER), () => {});
    return answer;
  }
}

function atMost(bytes: number): Transform {
  let size = 0;
  return new Transform({
    transform: (chunk: Uint8Array, _encoding, done) => {
      size += chunk.length;
      if (size > bytes) done(Object.assign(new Error('the answer is too long'), { code: 'ANSWER_TOO_LONG' }));
      else done(null, chunk);
    },
  });
}
