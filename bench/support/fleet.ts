import type { Bench } from './figure.ts';
import type { IssuerSpec, WrittenPolicy } from './policy.ts';
import { writePolicy } from './policy.ts';
import type { Servers } from './servers.ts';

/** An instance holds so many keys at most; larger fleets have more instances. */
const PER_INSTANCE = 1_000;
const PER_FILE = 1_000;

export interface Fleet {
  readonly servers: Servers;
  readonly policy: WrittenPolicy;
}

export interface FleetSpec {
  readonly name: string;
  readonly applications: number;
  /** When they fall due (Unix ms), evenly between two moments. */
  readonly dueFrom: number;
  readonly dueTo: number;
}

/** Applications that have been rotated before: a thousand to an instance, and to an included file. */
export async function fleet(bench: Bench, { name, applications, dueFrom, dueTo }: FleetSpec): Promise<Fleet> {
  const servers = await bench.servers();
  const policy = await writePolicy({
    dir: await bench.dir(name),
    issuers: issuersFor(servers, Math.ceil(applications / PER_INSTANCE)),
    applications,
    ...(applications > PER_FILE && { perFile: PER_FILE }),
  });
  await servers.ask('seed', { file: policy.file, dueFrom, dueTo });
  return { servers, policy };
}

function issuersFor(servers: Servers, count: number): Record<string, IssuerSpec> {
  const names = Array.from({ length: count }, (_, index) => index);
  return Object.fromEntries(
    names.map((index) => [`i${index}`, { servers, instance: `os-bench${index}`, concurrency: 4, perSecond: 5 }]),
  );
}
