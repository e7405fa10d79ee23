/** Deeper than anybody nests a secret; Vault itself takes 300 levels. */
const MOST_LEVELS = 500;

/** Whether parsed JSON is nested so deeply that writing it as JSON again would not end well. */
export function isTooDeep(value: unknown): boolean {
  let level = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > MOST_LEVELS) return true;
    level = level.flatMap((one) => (typeof one === 'object' && one !== null ? Object.values(one) : []));
  }
  return false;
}
