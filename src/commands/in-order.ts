import PQueue from 'p-queue';

const AT_ONCE = 8;

/** Works on a few at once, and yields what came of each in the order of `items` as soon as its turn has come. */
export async function* inOrder<T, R>(items: readonly T[], work: (item: T) => Promise<R>): AsyncGenerator<R> {
  const queue = new PQueue({ concurrency: AT_ONCE });
  const results = items.map((item) => queue.add(() => work(item)));
  // a failure is thrown at its turn; until then nobody listens to it
  for (const result of results) result.catch(() => {});
  for (const result of results) yield await result;
}
