import { expect, test } from 'vitest';
import { Daemon } from '../real/support/daemon.ts';
import { ShiftedClock } from '../real/support/shifted-clock.ts';
import { poll } from '../support/poll.ts';
import { useScene } from '../support/scene.ts';
import { Member } from './team.ts';

/** What the soak stands on: that a replica which ends untold, or in another way than it was told to, is noticed. */
const scene = useScene();

const STARTED = `console.log(JSON.stringify({ event: 'daemon.started' }))`;
/** A program that does this when it is told to stop. */
const whenTold = (does: string): string =>
  `process.on('SIGTERM', () => ${does}); setInterval(() => {}, 1_000); ${STARTED}`;
/** Stops when it is told to, as a daemon does. */
const GOOD = whenTold('process.exit(0)');

/** A member whose first process runs this program; each later one is good. */
async function begin(first: string): Promise<Member> {
  let starts = 0;
  const member = new Member('r', new ShiftedClock(scene), async (name) => {
    starts += 1;
    const args = ['-e', starts === 1 ? first : GOOD];
    return new Daemon(scene.start({ name, command: process.execPath, args }));
  });
  await member.begin();
  await member.daemon.until({ event: 'daemon.started' });
  return member;
}

/** Waits until another process runs in its stead; returns how many ended by themselves until the end of that one. */
async function countAfter(member: Member, act: (first: Daemon) => void): Promise<number> {
  const first = member.daemon;
  act(first);
  await poll('another process', 30_000, async () => (member.daemon === first ? undefined : true));
  await member.daemon.until({ event: 'daemon.started' });
  await member.end();
  return member.endedByThemselves.length;
}

test('who is killed or stopped by the team ends as it was told', async () => {
  const killed = await begin(GOOD);
  expect(await countAfter(killed, () => killed.signal('SIGKILL'))).toBe(0);
  const stopped = await begin(GOOD);
  expect(await countAfter(stopped, () => stopped.signal('SIGTERM'))).toBe(0);
});

test.each([
  ['ends well', `${STARTED}; setTimeout(() => process.exit(0), 500)`],
  ['fails', `${STARTED}; setTimeout(() => process.exit(3), 500)`],
  ['is killed by somebody else', `${STARTED}; setTimeout(() => process.kill(process.pid, 'SIGKILL'), 500)`],
])('who %s untold is noticed', async (_, program) => {
  expect(await countAfter(await begin(program), () => undefined)).toBe(1);
});

test.each([
  ['ends with another code', whenTold('process.exit(1)')],
  ['is killed before it has stopped', whenTold(`process.kill(process.pid, 'SIGKILL')`)],
  ['does not listen to it', `setInterval(() => {}, 1_000); ${STARTED}`],
])('who is told to stop and %s is noticed', async (_, program) => {
  const member = await begin(program);
  expect(await countAfter(member, () => member.signal('SIGTERM'))).toBe(1);
});
