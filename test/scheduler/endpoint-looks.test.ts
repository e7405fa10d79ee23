import { afterEach, expect, test } from 'vitest';
import { EndpointLooks } from '../../src/scheduler/endpoint-looks.ts';
import { poll } from '../support/poll.ts';

let looks: EndpointLooks | undefined;
afterEach(() => looks?.stop());

const targetOf = (host: string) => ({ endpoint: `https://${host}.example.net`, region: 'r' });

/** Looks every few milliseconds; `reached` grows with them. */
function looking(hosts: () => readonly string[], outcome: () => Promise<void> = async () => {}) {
  const reached: string[] = [];
  looks = new EndpointLooks({
    targets: () => hosts().map(targetOf),
    reach: ({ endpoint }) => {
      reached.push(new URL(endpoint).hostname.split('.')[0] ?? '');
      return outcome();
    },
    firstAfterMs: 1,
    everyMs: 5,
  });
  const until = (count: number) =>
    poll(`${count} looks`, 30_000, async () => (reached.length >= count ? true : undefined));
  return { reached, until };
}

test('each endpoint is reached again and again, once for all issuers that share it', async () => {
  const { reached, until } = looking(() => ['one', 'two', 'one']);
  await until(6);
  expect(reached.slice(0, 6)).toEqual(['one', 'two', 'one', 'two', 'one', 'two']);
});

test('an endpoint that is not to be reached keeps nothing from being tried again', async () => {
  const { reached, until } = looking(
    () => ['gone'],
    () => Promise.reject(new Error('no connection')),
  );
  await until(3);
  expect(reached.slice(0, 3)).toEqual(['gone', 'gone', 'gone']);
});

test('the endpoints are those of the policy that is in force by then', async () => {
  let hosts = ['old'];
  const { reached, until } = looking(() => hosts);
  await until(1);
  hosts = ['new'];
  await poll('the new endpoint', 30_000, async () => (reached.includes('new') ? true : undefined));
  expect(reached.slice(reached.indexOf('new'))).not.toContain('old');
});
