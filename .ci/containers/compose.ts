import type { Checks } from '../checks.ts';
import { outputOf } from '../programs.ts';
import { expectThat, PATIENT, PORT, PROJECT, podman, until } from './podman.ts';

const COMPOSE = `podman-compose -p ${PROJECT}`;
/** README.md says under a minute. */
const MOST_HEALTHY_S = 60;
const AROUND = { REKEYD_PORT: PORT };

/** Runs docker-compose.yml as it is, alone and with a second replica. What is left at the end is for `removeAll`. */
export async function checkCompose(checks: Checks): Promise<void> {
  await checks.check('the consumer of docker-compose.yml lives through ten rotations without a refusal', async () => {
    const began = performance.now();
    compose('up', '-d');
    await until('rekeyd to be healthy', 120_000, async () => (isHealthy('rekeyd') ? true : undefined));
    const seconds = Math.round((performance.now() - began) / 1000);
    checks.say(`docker-compose.yml: healthy after ${seconds} s`);
    expectThat(seconds <= MOST_HEALTHY_S, `it was healthy only after ${seconds} s`);
    checks.say(watch(10));
  });
  await checks.check('it comes up again after it was stopped, with a Vault that has forgotten everything', () => {
    end();
    compose('up', '-d');
    watch(1);
  });
  end('-v');
  await checks.check('the consumer lives through three rotations by two replicas', async () => {
    compose('--profile', 'replicas', 'up', '-d');
    checks.say(watch(3));
    for (const name of ['rekeyd', 'rekeyd-2']) expectThat(isHealthy(name), `${name} is not healthy`);
  });
}

function compose(...args: string[]): void {
  outputOf('podman-compose', ['-p', PROJECT, ...args], { ...PATIENT, env: AROUND });
}

function end(...args: string[]): void {
  compose('--profile', 'replicas', 'down', ...args);
}

/** The last that is said of the consumer, after so many rotations. */
function watch(rotations: number): string {
  const options = { ...PATIENT, env: { COMPOSE, ...AROUND } };
  const said = outputOf('deploy/compose/check.sh', [String(rotations)], options);
  return said.trim().split('\n').at(-1) ?? '';
}

function isHealthy(service: string): boolean {
  return podman('exec', `${PROJECT}_${service}_1`, 'rekeyd', 'healthcheck') === 'rekeyd is well';
}
