import type { RawApplication, RawDefaults } from './schema-applications.ts';

/** Whether a part of the policy says anything about a key. */
export function isGiven(part: object, keys: readonly string[]): boolean {
  return (
    keys.reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], part) !== undefined
  );
}

const EITHER = [
  ['rotate', 'every'],
  ['rotate', 'cron'],
];

/** Whether an application inherits nothing about a key: it says that itself, or chose the other of `every` and `cron`. */
export function isOwn(own: RawApplication, keys: readonly string[]): boolean {
  const isEither = EITHER.some((one) => one.join() === keys.join());
  return isEither ? EITHER.some((one) => isGiven(own, one)) : isGiven(own, keys);
}

/** What is sound of an application or the defaults: what is wrong is reported itself, and hides nothing beside it. */
export function soundPart<Raw extends RawApplication | RawDefaults>(
  raw: Raw,
  isSound: (...keys: readonly string[]) => boolean,
): Raw {
  return soundEntries(raw, isSound) as Raw;
}

function soundEntries(raw: object, isSound: (...keys: readonly string[]) => boolean): object {
  const sound = Object.entries(raw).flatMap(([key, value]) => {
    if (isSound(key)) return [[key, value]];
    if (!isMapping(value)) return [];
    return [[key, soundEntries(value, (...keys) => isSound(key, ...keys))]];
  });
  return Object.fromEntries(sound);
}

function isMapping(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
