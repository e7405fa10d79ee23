/** What ES2025 adds and TypeScript's es2024 library does not have yet. */
interface RawJson {
  rawJSON(source: string): object;
}
type SourceReviver = (key: string, value: unknown, context: { readonly source?: string }) => unknown;

/**
 * JSON.parse that keeps every number as it is written: one that JavaScript would write otherwise (too long, `1.0`)
 * becomes a raw piece of JSON, which JSON.stringify writes out unchanged. We carry over other people's fields.
 */
export function parseExactly(json: string): unknown {
  return (JSON.parse as (json: string, reviver: SourceReviver) => unknown)(json, keepSource);
}

const keepSource: SourceReviver = (_key, value, { source }) =>
  typeof value === 'number' && source !== undefined && JSON.stringify(value) !== source
    ? (JSON as unknown as RawJson).rawJSON(source)
    : value;
