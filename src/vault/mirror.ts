/** What Vault takes as one value of `custom_metadata`. */
const MAX_BYTES = 512;

/**
 * A merge-PATCH of `custom_metadata`: values cut to what Vault takes, whole characters only. An empty value, which
 * Vault refuses, takes the member away.
 */
export function mirrorOf(values: Readonly<Record<string, string>>): Record<string, string | null> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, cut(value) || null]));
}

function cut(value: string): string {
  const bytes = Buffer.from(value, 'utf8');
  if (bytes.length <= MAX_BYTES) return value;
  let end = MAX_BYTES;
  // 10xxxxxx continues a character.
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return bytes.subarray(0, end).toString('utf8');
}
