import { invalid, isObject, type JsonObject, notFound, nothing, type Reply } from './answers.ts';
import type { VaultRequest } from './backend.ts';
import { type Entry, type Kv2Store, mergePatch } from './kv2-store.ts';
import { parseDuration, printDuration } from './times.ts';

const MAX_KEYS = 64;
const MAX_KEY_BYTES = 128;
const MAX_VALUE_BYTES = 512;
const FAILED = 'custom_metadata validation failed';

/** `metadata/<path>` and `config` of a KV v2 mount. */
export const metadataBackend = { handlePath, handleConfig };

function handlePath(store: Kv2Store, path: string, request: VaultRequest): Reply {
  switch (request.operation) {
    case 'list':
      return list(store, path);
    case 'read':
      return read(store, path);
    case 'write':
      return write(store, path, request.body);
    case 'patch':
      return store.entry(path) === undefined ? { status: 404 } : write(store, path, patched(store, path, request.body));
    case 'delete':
      store.forget(path);
      return nothing;
  }
}

function handleConfig(store: Kv2Store, request: VaultRequest): Reply {
  const { config } = store;
  if (request.operation === 'read') {
    return {
      data: {
        cas_required: config.casRequired,
        delete_version_after: printDuration(config.deleteAfterMs),
        max_versions: config.maxVersions,
      },
    };
  }
  return applySettings(config, request.body) ?? nothing;
}

function list(store: Kv2Store, folder: string): Reply {
  const keys = store.list(folder);
  return keys.length === 0 ? notFound : { data: { keys } };
}

function read(store: Kv2Store, path: string): Reply {
  const entry = store.entry(path);
  if (entry === undefined) return notFound;
  const versions = [...entry.versions].map(([number, version]) => [
    number,
    { created_time: version.created, deletion_time: version.deletion, destroyed: version.destroyed },
  ]);
  return {
    data: {
      cas_required: entry.casRequired,
      created_time: entry.created,
      current_version: entry.current,
      custom_metadata: entry.customMetadata,
      delete_version_after: printDuration(entry.deleteAfterMs),
      max_versions: entry.maxVersions,
      oldest_version: entry.oldest,
      updated_time: entry.updated,
      versions: Object.fromEntries(versions),
    },
  };
}

/** What a merge-PATCH makes of the settings that stand. */
function patched(store: Kv2Store, path: string, body: JsonObject): JsonObject {
  const custom = body['custom_metadata'];
  if (!isObject(custom)) return body;
  return { ...body, custom_metadata: mergePatch(store.entry(path)?.customMetadata ?? {}, custom) };
}

function write(store: Kv2Store, path: string, body: JsonObject): Reply {
  if (path === '') return invalid('missing path');
  const custom = body['custom_metadata'];
  const wrong = isObject(custom) ? validateCustom(custom) : undefined;
  if (wrong) return wrong;
  const entry = store.ensure(path);
  if (isObject(custom)) entry.customMetadata = mapToText(custom);
  return applySettings(entry, body) ?? nothing;
}

/** Sets what the body names; answers where it makes no sense. */
function applySettings(
  target: Pick<Entry, 'casRequired' | 'maxVersions' | 'deleteAfterMs'>,
  body: JsonObject,
): Reply | undefined {
  const lifetime = body['delete_version_after'];
  const deleteAfterMs = lifetime === undefined ? target.deleteAfterMs : parseDuration(lifetime);
  if (deleteAfterMs === undefined) return invalid('error converting input for field "delete_version_after"');
  target.deleteAfterMs = deleteAfterMs;
  target.casRequired = Boolean(body['cas_required'] ?? target.casRequired);
  target.maxVersions = Number(body['max_versions'] ?? target.maxVersions);
  return undefined;
}

const mapToText = (custom: JsonObject): Record<string, string> =>
  Object.fromEntries(Object.entries(custom).map(([key, value]) => [key, String(value ?? '')]));

function validateCustom(custom: JsonObject): Reply | undefined {
  const entries = Object.entries(mapToText(custom));
  const errors = entries.flatMap(([key, value]) => {
    const [keyBytes, valueBytes] = [Buffer.byteLength(key), Buffer.byteLength(value)];
    return [
      ...(keyBytes > 0 && keyBytes <= MAX_KEY_BYTES
        ? []
        : [`length of key "${key}" is ${keyBytes} but must be 0 < len(key) <= ${MAX_KEY_BYTES}`]),
      ...(valueBytes > 0 && valueBytes <= MAX_VALUE_BYTES
        ? []
        : [`length of value for key "${key}" is ${valueBytes} but must be 0 < len(value) <= ${MAX_VALUE_BYTES}`]),
    ];
  });
  if (entries.length > MAX_KEYS) {
    errors.push(`payload must contain at most ${MAX_KEYS} keys, provided ${entries.length}`);
  }
  if (errors.length === 0) return undefined;
  const count = `${errors.length} error${errors.length === 1 ? '' : 's'} occurred:\n`;
  return invalid(`${count}${errors.map((error) => `\t* ${FAILED}: ${error}\n`).join('')}\n`);
}
