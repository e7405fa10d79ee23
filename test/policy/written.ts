import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type PolicyDraft, PolicyError, readPolicy } from '../../src/policy/load.ts';

/** The moment at which the policies of these tests are read. */
export const NOW = Date.parse('2026-11-23T08:00:00Z');

/** Twelve lines that are right; applications begin on line 13. */
export const HEAD = `owner: acme-prod
issuers:
  sto1:
    type: glesys
    project: cl12345
    api_key: { env: GLESYS_API_KEY }
    instance: os-ab123
    endpoint: https://objects.example.net
    region: dc-sto1
vault:
  address: https://vault.example.net:8200
  auth: { method: token, token: { env: VAULT_TOKEN } }
`;

/** Writes files into a folder of their own and returns the path of `rekeyd.yaml` there. */
export async function written(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'rekeyd-policy-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  return join(folder, 'rekeyd.yaml');
}

/** Reads a policy from its text, with other files beside it. */
export async function draftOf(
  text: string,
  others: Readonly<Record<string, string>> = {},
  env: NodeJS.ProcessEnv = {},
): Promise<PolicyDraft> {
  return readPolicy(await written({ 'rekeyd.yaml': text, ...others }), env, NOW);
}

/** The lines of the error that reading a policy ends in, with paths relative to its folder. */
export async function mistakesOf(
  text: string,
  others: Readonly<Record<string, string>> = {},
  env: NodeJS.ProcessEnv = {},
): Promise<string[]> {
  const file = await written({ 'rekeyd.yaml': text, ...others });
  try {
    await readPolicy(file, env, NOW);
  } catch (error) {
    if (error instanceof PolicyError) return error.message.replaceAll(`${dirname(file)}/`, '').split('\n');
    throw error;
  }
  return [];
}
