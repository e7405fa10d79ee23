import type { Checks } from '../checks.ts';
import { expectThat, inspect, podman, run, until } from './podman.ts';

const compose = (...args: string[]): string => run('podman-compose', args);
const watch = (rotations: number): string =>
  run('deploy/compose/check.sh', [String(rotations)], { COMPOSE: 'podman-compose' });

/** Runs docker-compose.yml as it is, alone and with a second replica, and leaves nothing behind. */
export async function checkCompose(checks: Checks): Promise<void> {
  try {
    await checks.check('the consumer of docker-compose.yml lives through ten rotations without a refusal', async () => {
      const began = performance.now();
      compose('up', '-d');
      await until('rekeyd to be healthy', 120_000, async () => (isHealthy() ? true : undefined));
      checks.say(`docker-compose.yml: healthy after ${Math.round((performance.now() - began) / 1000)} s`);
      checks.say(watch(10).split('\n').at(-1) ?? '');
    });
  } finally {
    compose('down', '-v');
  }
  try {
    await checks.check('and three with two replicas', async () => {
      compose('--profile', 'replicas', 'up', '-d');
      checks.say(watch(3).split('\n').at(-1) ?? '');
      for (const name of ['rekeyd_rekeyd_1', 'rekeyd_rekeyd-2_1']) {
        expectThat(inspect(name, '{{.State.Running}}') === 'true', `${name} does not run`);
      }
    });
  } finally {
    compose('--profile', 'replicas', 'down', '-v');
  }
}

function isHealthy(): boolean {
  return podman('exec', 'rekeyd_rekeyd_1', 'rekeyd', 'healthcheck').includes('well');
}
