import type { Checks } from '../checks.ts';
import { expectThat, podman, run, until } from './podman.ts';

/** Not the name of a project that somebody may be running. */
const COMPOSE = 'podman-compose -p rekeyd-ci';
const PORT = { REKEYD_PORT: '18080' };
const compose = (...args: string[]): string => run('podman-compose', ['-p', 'rekeyd-ci', ...args], PORT);
const end = (...args: string[]): string => compose('--profile', 'replicas', 'down', ...args);
const watch = (rotations: number): string => run('deploy/compose/check.sh', [String(rotations)], { COMPOSE, ...PORT });

/** Runs docker-compose.yml as it is, alone and with a second replica, and leaves nothing behind. */
export async function checkCompose(checks: Checks): Promise<void> {
  try {
    end('-v');
    await checks.check('the consumer of docker-compose.yml lives through ten rotations without a refusal', async () => {
      const began = performance.now();
      compose('up', '-d');
      await until('rekeyd to be healthy', 120_000, async () => (isHealthy('rekeyd') ? true : undefined));
      checks.say(`docker-compose.yml: healthy after ${Math.round((performance.now() - began) / 1000)} s`);
      checks.say(watch(10).split('\n').at(-1) ?? '');
    });
    await checks.check('it comes up again after it was stopped, with a Vault that has forgotten everything', () => {
      end();
      compose('up', '-d');
      watch(1);
    });
    end('-v');
    await checks.check('the consumer lives through three rotations by two replicas', async () => {
      compose('--profile', 'replicas', 'up', '-d');
      checks.say(watch(3).split('\n').at(-1) ?? '');
      for (const name of ['rekeyd', 'rekeyd-2']) expectThat(isHealthy(name), `${name} is not healthy`);
    });
  } finally {
    end('-v');
  }
}

function isHealthy(service: string): boolean {
  return podman('exec', `rekeyd-ci_${service}_1`, 'rekeyd', 'healthcheck') === 'rekeyd is well';
}
