const PREFIX = 'whsec_';
/** By the Standard Webhooks specification. */
const KEY_BYTES = { least: 24, most: 64 };

/** Where one cannot be used. */
export const WEBHOOK_SECRET_HINT =
  'is no secret of Standard Webhooks; write whsec_ and the base64 of 24 to 64 bytes, as from: echo whsec_$(openssl rand -base64 32)';

/**
 * The keys that a secret holds: one, or several with spaces or line ends between them while it is being replaced;
 * `undefined` where one of them is none.
 */
export function webhookKeys(text: string): readonly Buffer[] | undefined {
  const words = text.split(/\s+/).filter((word) => word !== '');
  const keys = words.map((word) => keyOf(word.startsWith(PREFIX) ? word.slice(PREFIX.length) : word));
  const known = keys.filter((key) => key !== undefined);
  return known.length > 0 && known.length === words.length ? known : undefined;
}

function keyOf(base64: string): Buffer | undefined {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return undefined;
  const key = Buffer.from(base64, 'base64');
  return key.length >= KEY_BYTES.least && key.length <= KEY_BYTES.most ? key : undefined;
}
