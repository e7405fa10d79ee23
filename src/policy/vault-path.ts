/** Signs that cannot be in a path: they end it, or are read as something else on the way to Vault. */
const REFUSED = /[%?#\\\p{Cc}]/u;

/** What is wrong with a path in Vault (of a secret, a mount or a namespace); `undefined` where nothing is. */
export function vaultPathMistake(path: string): string | undefined {
  if (path === '') return 'must not be empty';
  if (path !== path.trim()) return 'must not begin or end with a space';
  if (path.startsWith('/') || path.endsWith('/')) return 'must not begin or end with "/"';
  const sign = REFUSED.exec(path)?.[0];
  if (sign !== undefined) return `must not contain ${JSON.stringify(sign)}, which cannot stand in a path`;
  const segments = path.split('/');
  if (segments.includes('')) return 'must not contain "//": every part between slashes needs a name';
  if (segments.some((segment) => segment === '.' || segment === '..')) return 'must not contain "." or ".." as a part';
  return undefined;
}
