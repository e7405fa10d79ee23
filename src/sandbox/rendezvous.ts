import { createHash } from 'node:crypto';
import { lstat, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import type { StandIns } from '../policy/draft.ts';
import { Secret } from '../policy/secret.ts';
import { request } from '../request.ts';
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
  /** Where the daemon's HTTP server answers, once it does. */
  http: z.url().optional(),
});

type Note = z.infer<typeof noteSchema>;

const ANSWER_TIMEOUT_MS = 2000;

/** A note that was left. Another process's note is never touched: both do nothing once one has left its own. */
export interface Announcement {
  /** Adds where the daemon's HTTP server answers, and what the stand-ins have by now. */
  addHttp(url: string): Promise<void>;
  withdraw(): Promise<void>;
}

/** What a note leads to. */
export interface Announced extends StandIns {
  readonly http?: string;
}

/** Leaves the note. */
export async function announce(policyFile: string, sandbox: Sandbox): Promise<Announcement> {
  const file = noteFile(policyFile);
  const isOurs = async () => (await readNote(file))?.pid === process.pid;
  await leave(file, noteOf(sandbox));
  return {
    addHttp: async (http) => {
      if (await isOurs()) await leave(file, { ...noteOf(sandbox), http });
    },
    withdraw: async () => {
      if (await isOurs()) await rm(file, { force: true });
    },
  };
}

/** Never written in place: somebody else may have put a link there, or may be reading. */
async function leave(file: string, note: Note): Promise<void> {
  const draft = `${file}.${process.pid}`;
  await rm(draft, { force: true });
  await writeFile(draft, JSON.stringify(note), { mode: 0o600, flag: 'wx' });
  await rename(draft, file);
}

/**
 * The stand-ins of a daemon that runs on this policy file; `undefined` where there is none or it does not answer. The
 * note of a process that was killed is removed.
 */
export async function findAnnounced(policyFile: string): Promise<Announced | undefined> {
  const file = noteFile(policyFile);
  const note = await readNote(file);
  if (note === undefined) return undefined;
  if (!isAlive(note.pid)) {
    await rm(file, { force: true });
    return undefined;
  }
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

function standInsOf(note: Note): Announced {
  return {
    ...(note.http !== undefined && { http: note.http }),
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
