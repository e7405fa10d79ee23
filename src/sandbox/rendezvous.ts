import { createHash } from 'node:crypto';
import { lstat, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { request } from 'undici';
import { z } from 'zod';
import type { StandIns } from '../policy/draft.ts';
import { Secret } from '../policy/secret.ts';
import type { Sandbox } from './sandbox.ts';

/**
 * How the commands in another terminal find the stand-ins of a running daemon: it leaves a note in the folder for
 * temporary files, named after the policy file and readable for its own user only.
 */
const noteSchema = z.strictObject({
  pid: z.int().positive(),
  glesys: z.url(),
  s3: z.url(),
  vault: z.url(),
  role_id: z.string(),
  secret_id: z.string(),
  project: z.string(),
  api_key: z.string(),
  instances: z.record(z.string(), z.string()),
});

type Note = z.infer<typeof noteSchema>;

const ANSWER_TIMEOUT_MS = 2000;

/** Leaves the note; what it returns removes it again, unless another process has left its own since. */
export async function announce(policyFile: string, sandbox: Sandbox): Promise<() => Promise<void>> {
  const file = noteFile(policyFile);
  const note = noteOf(sandbox);
  // Never written in place: somebody else may have put a link there, or may be reading.
  const draft = `${file}.${process.pid}`;
  await rm(draft, { force: true });
  await writeFile(draft, JSON.stringify(note), { mode: 0o600, flag: 'wx' });
  await rename(draft, file);
  return async () => {
    if ((await readNote(file))?.pid === note.pid) await rm(file, { force: true });
  };
}

/** The stand-ins of a daemon that runs on this policy file; `undefined` where there is none or it does not answer. */
export async function findAnnounced(policyFile: string): Promise<StandIns | undefined> {
  const note = await readNote(noteFile(policyFile));
  if (note === undefined || !isAlive(note.pid)) return undefined;
  const answers = await Promise.all([note.glesys, note.s3, note.vault].map(isStandIn));
  return answers.every(Boolean) ? standInsOf(note) : undefined;
}

function noteFile(policyFile: string): string {
  const name = createHash('sha256').update(resolve(policyFile)).digest('hex').slice(0, 16);
  return join(tmpdir(), `rekeyd-sandbox-${name}.json`);
}

function noteOf(sandbox: Sandbox): Note {
  return {
    pid: process.pid,
    glesys: sandbox.glesys,
    s3: sandbox.s3,
    vault: sandbox.vault,
    role_id: sandbox.roleId.reveal(),
    secret_id: sandbox.secretId.reveal(),
    project: sandbox.project,
    api_key: sandbox.apiKey.reveal(),
    instances: sandbox.instances(),
  };
}

/** `undefined` where there is no note, or none that this user wrote. */
async function readNote(file: string): Promise<Note | undefined> {
  try {
    const stat = await lstat(file);
    if (!stat.isFile() || stat.uid !== process.getuid?.() || (stat.mode & 0o077) !== 0) return undefined;
    return noteSchema.safeParse(JSON.parse(await readFile(file, 'utf8'))).data;
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Whether a stand-in answers there, and not something else that took the port since. */
async function isStandIn(url: string): Promise<boolean> {
  try {
    const { statusCode, body } = await request(`${url}/_sandbox/faults`, {
      signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
    });
    await body.dump();
    return statusCode === 200;
  } catch {
    return false;
  }
}

function standInsOf(note: Note): StandIns {
  return {
    glesys: note.glesys,
    s3: note.s3,
    vault: note.vault,
    roleId: new Secret(note.role_id),
    secretId: new Secret(note.secret_id),
    project: note.project,
    apiKey: new Secret(note.api_key),
    instanceFor: (issuer) => {
      const instance = note.instances[issuer];
      if (instance !== undefined) return instance;
      throw new Error(
        `the running sandbox has no instance for issuer ${issuer}: restart \`rekeyd run\` on this policy`,
      );
    },
  };
}
