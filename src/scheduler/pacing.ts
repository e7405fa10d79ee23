import PQueue from 'p-queue';
import type { IssuerLimits } from '../policy/policy.ts';
import type { Issuer, ListedCredential, SecretStore } from '../rotation/ports.ts';
import type { Circuit } from './circuit.ts';

/** The policy's limits count per second. */
const INTERVAL_MS = 1_000;

/**
 * An issuer whose calls keep to the policy's limits, first come first served, and stop while its circuit is open.
 * A call that the circuit keeps back takes no place in the queue, and those that wait when it opens leave it at once.
 * `onListed` hears each list before anybody else does.
 */
export function pacedIssuer(
  issuer: Issuer,
  limits: IssuerLimits,
  circuit: Circuit,
  onListed: (credentials: readonly ListedCredential[]) => Promise<void> = async () => {},
): Issuer {
  const paced = pacedCalls(limits, circuit);
  return {
    name: issuer.name,
    instance: issuer.instance,
    issue: (description) => paced(`create a credential on ${issuer.instance}`, () => issuer.issue(description)),
    revoke: (id) => paced(`revoke credential ${id} on ${issuer.instance}`, () => issuer.revoke(id)),
    async list() {
      const listed = await paced(`list the credentials of ${issuer.instance}`, () => issuer.list());
      await onListed(listed);
      return listed;
    },
  };
}

type PacedCall = <T>(attempted: string, call: () => Promise<T>) => Promise<T>;

function pacedCalls(limits: IssuerLimits, circuit: Circuit): PacedCall {
  const queue = new PQueue({ concurrency: limits.concurrency });
  const pace = paceOf(limits.perSecond, INTERVAL_MS);
  circuit.onOpen(() => queue.clear());
  return (attempted, call) =>
    circuit.execute(attempted, async () => {
      try {
        return await queue.add(() => pace().then(call));
      } catch (error) {
        throw wasCleared(error) ? circuit.shed(attempted) : error;
      }
    });
}

/** Adapters throw `PortError` only, so this is the queue's own word for a call that left it without having run. */
function wasCleared(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError';
}

/**
 * A store whose calls stop while its circuit is open. Where a path is may be told from memory, and by a node that can do
 * nothing else: if that counted as an answer between two failures, the circuit would never open.
 */
export function guardedStore(store: SecretStore, circuit: Circuit): SecretStore {
  return {
    place: (path, anew) => circuit.executeBeside(`find out the place of ${path}`, () => store.place(path, anew)),
    read: (path) => circuit.execute(`read ${path}`, () => store.read(path)),
    write: (path, data, version) => circuit.execute(`write ${path}`, () => store.write(path, data, version)),
    standing: (path, neededMs) =>
      circuit.execute(`find out how things stand at ${path}`, () => store.standing(path, neededMs)),
    annotate: (path, values) => circuit.execute(`annotate ${path}`, () => store.annotate(path, values)),
  };
}

/** A pace of so many steps a second, evenly: each call resolves when its turn has come. */
export function steadyPace(perSecond: number): () => Promise<void> {
  return paceOf(1, INTERVAL_MS / perSecond);
}

/**
 * At most `most` steps in any `intervalMs`. By a clock that nobody sets: a pace by the wall clock stands still for as
 * long as that is put back.
 */
function paceOf(most: number, intervalMs: number): () => Promise<void> {
  const starts: number[] = [];
  return async () => {
    const now = performance.now();
    const earliest = starts.length < most ? now : (starts.shift() ?? now) + intervalMs;
    const at = Math.max(now, earliest);
    starts.push(at);
    if (at > now) await new Promise((resolve) => setTimeout(resolve, at - now));
  };
}
