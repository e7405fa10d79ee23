import type { ProxyCall } from './fault-proxy.ts';

/** Every kind of call that rekeyd makes, by the name of what it does for a rotation. */
export const STEPS = [
  'login',
  'health',
  'read',
  'list',
  'mount',
  'rights',
  'lifetime',
  'reach',
  'issue',
  'probe',
  'publish',
  'read-back',
  'annotate',
  'revoke',
  'fence',
  'reschedule',
] as const;

export type Step = (typeof STEPS)[number];

interface Row {
  readonly step: Step;
  readonly method: string;
  readonly path: RegExp;
}

/** Calls that are told by method and path alone. */
const ROWS: readonly Row[] = [
  { step: 'login', method: 'PUT|POST', path: /^\/v1\/auth\/approle\/login/ },
  { step: 'health', method: 'GET', path: /^\/v1\/sys\/health/ },
  { step: 'mount', method: 'GET', path: /^\/v1\/sys\/internal\/ui\/mounts\// },
  { step: 'rights', method: 'POST', path: /^\/v1\/sys\/capabilities-self/ },
  { step: 'lifetime', method: 'GET', path: /^\/v1\/[^/]+\/(config|metadata\/)/ },
  { step: 'annotate', method: 'PATCH', path: /^\/v1\/[^/]+\/metadata\// },
  { step: 'list', method: 'POST', path: /^\/objectstorage\/instancedetails/ },
  { step: 'issue', method: 'POST', path: /^\/objectstorage\/createcredential/ },
  { step: 'revoke', method: 'POST', path: /^\/objectstorage\/deletecredential/ },
];

const SECRET = /^\/v1\/[^/]+\/data\//;

/** What a record says that tells one write from another. */
interface Seen {
  readonly generation: number;
  readonly schedule: string;
}

const NOTHING_SEEN: Seen = { generation: 0, schedule: '' };

/** Names the calls of one rekeyd process. Reads and writes of secrets are told apart by what went before. */
export class StepNamer {
  readonly #seen = new Map<string, Seen>();
  readonly #written = new Set<string>();

  /** Ask once for each call, when it arrives; `undefined`: none that a rotation makes. */
  nameOf({ method, path, headers, body }: ProxyCall): Step | undefined {
    if (SECRET.test(path)) return method === 'GET' ? this.#readStep(path) : this.#writeStep(path, body);
    const row = ROWS.find((one) => one.method.split('|').includes(method) && one.path.test(path));
    if (row) return row.step;
    if (path !== '/' && !path.startsWith('/?')) return undefined;
    return headers.authorization === undefined ? 'reach' : 'probe';
  }

  /** What was read or written, once the server has answered. */
  learn({ method, path, body, answer }: ProxyCall): void {
    if (!SECRET.test(path) || answer?.status !== 200) return;
    const found = recordIn(method === 'GET' ? answer.body : body);
    if (found) this.#seen.set(path, found);
    if (method === 'PUT') this.#written.add(path);
  }

  #readStep(path: string): Step {
    return this.#written.delete(path) ? 'read-back' : 'read';
  }

  #writeStep(path: string, body: Buffer): Step {
    const before = this.#seen.get(path) ?? NOTHING_SEEN;
    const now = recordIn(body) ?? NOTHING_SEEN;
    if (now.generation > before.generation) return 'publish';
    return now.schedule === before.schedule ? 'fence' : 'reschedule';
  }
}

/** The record in what is sent (`data`) or answered (`data.data`). */
function recordIn(body: Buffer): Seen | undefined {
  try {
    const { data } = JSON.parse(body.toString()) as { data: { rekeyd?: string; data?: { rekeyd: string } } };
    return JSON.parse(data.data?.rekeyd ?? data.rekeyd ?? '') as Seen;
  } catch {
    return undefined;
  }
}
