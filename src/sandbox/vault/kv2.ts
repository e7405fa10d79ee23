import type { Clock } from '../../rotation/ports.ts';
import { invalid, isObject, type JsonObject, notFound, nothing, type Reply } from './answers.ts';
import { unsupported } from './auth-roles.ts';
import type { Backend, VaultRequest } from './backend.ts';
import { metadataBackend } from './kv2-metadata.ts';
import { type CasProblem, type Entry, Kv2Store, mergePatch, type Version } from './kv2-store.ts';

const CAS_ERRORS: Readonly<Record<CasProblem, string>> = {
  mismatch: 'check-and-set parameter did not match the current version',
  required: 'check-and-set parameter required for this call',
};

type Handler = (store: Kv2Store, path: string, request: VaultRequest) => Reply;

const HANDLERS: Readonly<Record<string, Handler>> = {
  data: handleData,
  metadata: metadataBackend.handlePath,
  config: (store, _path, request) => metadataBackend.handleConfig(store, request),
  delete: (store, path, { body }) => withVersions(body, (versions) => store.delete(path, versions)),
  undelete: (store, path, { body }) => withVersions(body, (versions) => store.undelete(path, versions)),
  destroy: (store, path, { body }) => withVersions(body, (versions) => store.destroy(path, versions)),
};

/** The versioned key-value engine. */
export class Kv2 implements Backend {
  readonly type = 'kv';
  readonly options = { version: '2' };
  readonly store: Kv2Store;

  constructor(clock: Clock) {
    this.store = new Kv2Store(clock);
  }

  handle(request: VaultRequest): Reply {
    const [, kind = '', path = ''] = /^([a-z]+)(?:\/(.*))?$/.exec(request.path) ?? [];
    const handler = HANDLERS[kind];
    const isFolder = path === '' || path.endsWith('/');
    if (handler === undefined || (kind !== 'config' && kind !== 'metadata' && isFolder)) return wrongPath;
    return handler(this.store, path, request);
  }

  exists(path: string): boolean {
    const [, kind, name = ''] = /^(data|metadata)\/(.*)$/.exec(path) ?? [];
    return kind === undefined || this.store.entry(name) !== undefined;
  }

  isOpen(): boolean {
    return false;
  }
}

const wrongPath: Reply = {
  status: 404,
  warnings: [
    'Invalid path for a versioned K/V secrets engine. See the API docs for the appropriate API endpoints to use.',
  ],
};

function handleData(store: Kv2Store, path: string, request: VaultRequest): Reply {
  switch (request.operation) {
    case 'read':
      return readData(store, path, Number(request.query.get('version') ?? 0));
    case 'write':
      return writeData(store, path, request.body);
    case 'patch':
      return patchData(store, path, request.body);
    case 'delete':
      store.delete(path, [store.entry(path)?.current ?? 0]);
      return nothing;
    default:
      return unsupported;
  }
}

function readData(store: Kv2Store, path: string, wanted: number): Reply {
  const entry = store.entry(path);
  const number = wanted > 0 ? wanted : (entry?.current ?? 0);
  const version = entry?.versions.get(number);
  if (entry === undefined || version === undefined) return notFound;
  const metadata = versionOut(entry, version, number);
  if (!store.isReadable(version)) return { status: 404, data: { data: null, metadata } };
  return { data: { data: version.data, metadata } };
}

function writeData(store: Kv2Store, path: string, body: JsonObject): Reply {
  const wrong = checkBody(body);
  if (wrong) return wrong;
  const problem = store.checkCas(store.entry(path), readCas(body));
  if (problem) return invalid(CAS_ERRORS[problem]);
  const entry = store.ensure(path);
  return { data: versionOut(entry, store.append(entry, body['data'] as JsonObject), entry.current) };
}

/** Only onto a newest version that can be read. */
function patchData(store: Kv2Store, path: string, body: JsonObject): Reply {
  const wrong = checkBody(body);
  if (wrong) return wrong;
  const entry = store.entry(path);
  if (entry === undefined) return notFound;
  const problem = store.checkCas(entry, readCas(body));
  if (problem) return invalid(CAS_ERRORS[problem]);
  const newest = entry.versions.get(entry.current);
  if (newest === undefined) return notFound;
  if (!store.isReadable(newest)) return { status: 404, data: versionOut(entry, newest, entry.current) };
  const version = store.append(entry, mergePatch(newest.data, body['data'] as JsonObject));
  return { data: versionOut(entry, version, entry.current) };
}

function checkBody(body: JsonObject): Reply | undefined {
  const { data } = body;
  if (data === undefined) return invalid('no data provided');
  if (isObject(data)) return undefined;
  return invalid(`error converting input for field "data": '' expected a map, got '${typeof data}'`);
}

function readCas(body: JsonObject): number | undefined {
  const { options } = body;
  const cas = isObject(options) ? options['cas'] : undefined;
  return cas === undefined ? undefined : Number(cas);
}

function versionOut(entry: Entry, version: Version, number: number): JsonObject {
  return {
    created_time: version.created,
    custom_metadata: entry.customMetadata,
    deletion_time: version.deletion,
    destroyed: version.destroyed,
    version: number,
  };
}

function withVersions(body: JsonObject, use: (versions: readonly number[]) => void): Reply {
  const { versions } = body;
  if (!Array.isArray(versions) || versions.length === 0) return invalid('No version number provided');
  use(versions.map(Number));
  return nothing;
}
