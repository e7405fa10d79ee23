import { eachInSlices } from '../slices.ts';
import { type Bearer, isMarkedFor, type Marker, parseMarker } from './marker.ts';
import type { ListedCredential } from './ports.ts';

export interface SeenCredential extends ListedCredential {
  readonly marker: Marker | undefined;
}

export interface MarkedCredential extends ListedCredential {
  readonly marker: Marker;
}

/** One answer of an instance's list, indexed so that a thousand applications can share it. */
export class CredentialList {
  readonly instance: string;
  /** Position in the order of reads and lists; see `Lists.mark`. */
  readonly mark: number;
  /** Unix ms by our clock, when it was asked for. */
  readonly askedAt: number;
  readonly #byId = new Map<string, SeenCredential>();
  #byAccessKeyId: ReadonlyMap<string, SeenCredential> | undefined;
  readonly #marked = new Map<string, MarkedCredential[]>();
  /** Credentials whose description begins as a marker does and is none. */
  readonly garbled: ListedCredential[] = [];

  constructor(instance: string, mark: number, askedAt: number, credentials: readonly ListedCredential[]) {
    this.instance = instance;
    this.mark = mark;
    this.askedAt = askedAt;
    for (const credential of credentials) this.#index(seen(credential));
  }

  /** The same in slices: nobody has it before it is whole. */
  static async inSlices(
    ...[instance, mark, askedAt, credentials]: ConstructorParameters<typeof CredentialList>
  ): Promise<CredentialList> {
    const list = new CredentialList(instance, mark, askedAt, []);
    await eachInSlices(credentials, (credential) => list.#index(seen(credential)));
    return list;
  }

  get size(): number {
    return this.#byId.size;
  }

  all(): Iterable<SeenCredential> {
    return this.#byId.values();
  }

  byId(id: string): SeenCredential | undefined {
    return this.#byId.get(id);
  }

  byAccessKeyId(accessKeyId: string): SeenCredential | undefined {
    this.#byAccessKeyId ??= byAccessKeyId(this.all());
    return this.#byAccessKeyId.get(accessKeyId);
  }

  /** The credentials that carry exactly this application's and place's marker. */
  of(bearer: Bearer): readonly MarkedCredential[] {
    const marked = this.#marked.get(`${bearer.owner}/${bearer.application}`) ?? [];
    return marked.filter((credential) => isMarkedFor(credential.marker, bearer));
  }

  #index(credential: SeenCredential): void {
    this.#byId.set(credential.id, credential);
    if (isMarked(credential)) this.#indexMarked(credential);
    else if (credential.description.startsWith('rekeyd:')) this.garbled.push(credential);
  }

  #indexMarked(credential: MarkedCredential): void {
    const key = `${credential.marker.owner}/${credential.marker.application}`;
    const marked = this.#marked.get(key);
    if (marked) marked.push(credential);
    else this.#marked.set(key, [credential]);
  }
}

function byAccessKeyId(credentials: Iterable<SeenCredential>): ReadonlyMap<string, SeenCredential> {
  const index = new Map<string, SeenCredential>();
  for (const credential of credentials) index.set(credential.accessKeyId, credential);
  return index;
}

/** Member by member: there is one of these for every credential of every instance, and a copy that is added to is larger. */
function seen({ id, accessKeyId, description, createdAt }: ListedCredential): SeenCredential {
  return { id, accessKeyId, description, createdAt, marker: parseMarker(description) };
}

function isMarked(credential: SeenCredential): credential is MarkedCredential {
  return credential.marker !== undefined;
}
