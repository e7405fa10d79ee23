import { access, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { poll } from '../../support/poll.ts';
import type { Scene } from '../../support/scene.ts';
import type { AppRoleLogin } from './approle.ts';

export interface AgentSpec {
  readonly name: string;
  readonly program: string;
  readonly vault: string;
  readonly login: AppRoleLogin;
  /** API path of the secret, `secret/data/apps/billing/s3`. */
  readonly secret: string;
}

/**
 * Starts a `vault agent` that keeps a file with the secret's fields as JSON up to date, looking every second.
 * Returns the file once it is there.
 */
export async function startAgent(scene: Scene, spec: AgentSpec): Promise<string> {
  const dir = join(scene.dir, `agent-${spec.name}`);
  await mkdir(dir);
  await writeFile(join(dir, 'role-id'), spec.login.roleId);
  await writeFile(join(dir, 'secret-id'), spec.login.secretId);
  const rendered = join(dir, 'secret.json');
  const config = {
    vault: { address: spec.vault },
    auto_auth: {
      method: [
        {
          type: 'approle',
          config: {
            role_id_file_path: join(dir, 'role-id'),
            secret_id_file_path: join(dir, 'secret-id'),
            remove_secret_id_file_after_reading: false,
          },
        },
      ],
    },
    template_config: { static_secret_render_interval: '1s' },
    template: [
      { contents: `{{ with secret "${spec.secret}" }}{{ .Data.data | toJSON }}{{ end }}`, destination: rendered },
    ],
  };
  await writeFile(join(dir, 'agent.json'), JSON.stringify(config));
  scene.start({
    name: `agent-${spec.name}`,
    command: spec.program,
    args: ['agent', '-config', join(dir, 'agent.json')],
  });
  await poll(`the agent of ${spec.name} to render its template`, 60_000, () => access(rendered).then(() => true));
  return rendered;
}
