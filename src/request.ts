import { Agent, type Dispatcher } from 'undici';

export interface RequestOptions extends Omit<Dispatcher.RequestOptions, 'origin' | 'path' | 'method'> {
  /** Whose connections it uses; those that everybody shares when missing. */
  readonly agent?: Agent;
  /** `GET` when missing. */
  readonly method?: Dispatcher.HttpMethod;
}

const shared = new Agent();

/** One HTTP request, sent once. Rejects with what undici or the signal throws. The body of the answer must be consumed. */
export function request(url: string, options: RequestOptions = {}): Promise<Dispatcher.ResponseData> {
  const { agent = shared, method = 'GET', ...rest } = options;
  const { origin, pathname, search } = new URL(url);
  return agent.request({ ...rest, origin, path: pathname + search, method });
}
