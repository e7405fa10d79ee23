import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { request } from 'undici';
import { poll } from '../../support/poll.ts';
import type { ProcessSpec } from '../../support/running-process.ts';
import type { Scene } from '../../support/scene.ts';
import { freePort } from './free-port.ts';

/** A pair that signs, in the clear: these live in a test only. */
export interface Pair {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export interface S3Server {
  /** S3 endpoint, without a trailing slash. */
  readonly s3: string;
  /** Endpoint of the AWS IAM API. */
  readonly iam: string;
  readonly region: string;
  /** May do everything at both. */
  readonly root: Pair;
}

async function startHealthy(scene: Scene, spec: ProcessSpec, url: string): Promise<void> {
  const child = scene.start(spec);
  await poll(`${spec.name} to be healthy`, 30_000, async () => {
    if (child.hasExited) return true;
    const answer = await request(`${url}/health`);
    await answer.body.dump();
    return answer.statusCode === 200 ? true : undefined;
  });
  if (child.hasExited) throw new Error(`${spec.name} did not start\n${child.tail()}`);
}

/** Starts VersityGW twice: as an IAM server, and as an S3 server that asks the first one over a private socket. */
export async function startVersityGw(scene: Scene, program: string): Promise<S3Server> {
  const [iamPort, s3Port] = [await freePort(), await freePort()];
  const [iam, s3] = [`http://127.0.0.1:${iamPort}`, `http://127.0.0.1:${s3Port}`];
  const dir = join(scene.dir, `versitygw-${s3Port}`);
  const socket = join(dir, 'iam.sock');
  for (const part of ['users', 'data']) await mkdir(join(dir, part), { recursive: true });
  const root = {
    accessKeyId: `AKIA${randomBytes(8).toString('hex').toUpperCase()}`,
    secretAccessKey: randomBytes(20).toString('hex'),
  };
  const region = 'us-east-1';
  const env = { ROOT_ACCESS_KEY: root.accessKeyId, ROOT_SECRET_KEY: root.secretAccessKey };
  const common = ['--health', '/health', '--region', region, '--quiet'];
  const iamArgs = [
    ...common,
    '-p',
    `127.0.0.1:${iamPort}`,
    'iam',
    '--dir',
    join(dir, 'users'),
    '--private-ports',
    socket,
  ];
  await startHealthy(scene, { name: 'versitygw-iam', command: program, args: iamArgs, env }, iam);
  const s3Args = [
    ...common,
    '-p',
    `127.0.0.1:${s3Port}`,
    '--iam-standalone-endpoint',
    socket,
    'posix',
    join(dir, 'data'),
  ];
  await startHealthy(scene, { name: 'versitygw-s3', command: program, args: s3Args, env }, s3);
  return { s3, iam, region, root };
}
