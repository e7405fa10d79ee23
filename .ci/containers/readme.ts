import { join } from 'node:path';
import type { Checks } from '../checks.ts';
import { outputOf } from '../programs.ts';
import { fileOf, textOf } from '../repository.ts';
import { expectThat, IMAGES, PATIENT, PORT, PROJECT, podman } from './podman.ts';

/** Names and a port of our own for what these commands start. */
const AROUND = { COMPOSE_PROJECT_NAME: PROJECT, REKEYD_PORT: PORT };

/** Types what README.md says about containers, word for word, in a copy of this repository. */
export async function checkReadme(checks: Checks, folder: string): Promise<void> {
  const copy = join(folder, 'copy');
  await checks.check('README.md has three commands for a container, and one that ends them', () => {
    expectThat(commands().length === 4, `they are ${commands().join('; ')}`);
    outputOf('git', ['clone', '--quiet', fileOf(), copy]);
    // what was built before must not do in its stead
    podman('rmi', '--force', '--ignore', IMAGES.rekeyd, IMAGES.consumer);
  });
  for (const command of commands()) {
    await checks.check(`README.md: ${command}`, () => {
      const said = outputOf('sh', ['-c', command], { ...PATIENT, cwd: copy, env: AROUND });
      checks.say(said.trim().split('\n').at(-1) ?? '');
    });
  }
}

/** The block of commands, without what is said of each, and the one that ends it all. */
function commands(): readonly string[] {
  const section = textOf('README.md').split('\n## Run it as a container\n')[1] ?? '';
  const block = section.split('```sh\n')[1]?.split('\n```')[0] ?? '';
  const [, end = ''] = /`(podman-compose [^`]+)` ends it/.exec(section) ?? [];
  return [...block.split('\n').map((line) => line.replace(/\s+#.*$/, '')), end].filter((line) => line !== '');
}
