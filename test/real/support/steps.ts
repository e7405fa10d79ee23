import { isDeepStrictEqual } from 'node:util';
import type { ProxyCall } from './fault-proxy.ts';
import { idIn, type RecordSeen, recordIn } from './wire.ts';

/** Every kind of call that a rotation makes, by the name of what it does. */
export const ROTATION_STEPS = [
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
] as const;

/** What only comes to pass once strays are old, and when the schedule is changed. */
export const LATER_STEPS = ['fence', 'reschedule'] as const;

/**
 * What only comes to pass when fields or endpoint are changed, where a hand-made secret is taken over, and when a
 * candidate fails its verification: the attempt then takes it back.
 */
export const RARER_STEPS = ['republish', 'adopt', 'take-back'] as const;

export type Step = (typeof ROTATION_STEPS | typeof LATER_STEPS | typeof RARER_STEPS)[number];

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

const NOTHING_SEEN: RecordSeen = { generation: 0, schedule: '', credential: null };

/** Names the calls of one rekeyd process. What method and path leave open is told by what went before. */
export class StepNamer {
  readonly #seen = new Map<string, RecordSeen>();
  readonly #written = new Set<string>();
  /** Ids of the credentials that this process issued and has sent no publish of. */
  readonly #candidates = new Set<string>();

  /** Ask once for each call, when it arrives; `undefined`: none that a rotation makes. */
  nameOf({ method, path, headers, body }: ProxyCall): Step | undefined {
    if (SECRET.test(path)) return method === 'GET' ? this.#readStep(path) : this.#writeStep(path, body);
    const row = ROWS.find((one) => one.method.split('|').includes(method) && one.path.test(path));
    if (row?.step === 'revoke') return this.#candidates.has(idIn(body) ?? '') ? 'take-back' : 'revoke';
    if (row) return row.step;
    if (path !== '/' && !path.startsWith('/?')) return undefined;
    return headers.authorization === undefined ? 'reach' : 'probe';
  }

  /** What was issued, read or written, once the server has answered. */
  learn(call: ProxyCall, step: Step | undefined): void {
    if (call.answer?.status !== 200) return;
    const { path, method, body, answer } = call;
    const issued = step === 'issue' ? idIn(answer.body) : undefined;
    if (issued !== undefined) this.#candidates.add(issued);
    if (!SECRET.test(path)) return;
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
    this.#candidates.delete(now.credential?.id ?? '');
    return WRITES.find(({ when }) => when(before, now))?.step ?? 'fence';
  }
}

/** Writes by what they change in the record; the first that applies names it. */
const WRITES: readonly { readonly step: Step; readonly when: (before: RecordSeen, now: RecordSeen) => boolean }[] = [
  { step: 'adopt', when: (before, now) => Boolean(now.credential?.adopted) && !before.credential?.adopted },
  { step: 'publish', when: (before, now) => now.generation > before.generation },
  { step: 'republish', when: (before, now) => !isDeepStrictEqual(mappingOf(before), mappingOf(now)) },
  { step: 'reschedule', when: (before, now) => now.schedule !== before.schedule },
];

function mappingOf({ fields, endpoint, region }: RecordSeen): unknown {
  return { fields, endpoint, region };
}
