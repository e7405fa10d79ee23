import { z } from 'zod';
import { addressMistake, isPlainHttp, parseListenAddress, sandboxHostMistake } from './address.ts';
import { cronMistake, isTimezone } from './cron.ts';
import { DURATION_HINT, DURATION_PATTERN, parseDuration } from './duration.ts';
import { didYouMean } from './nearest.ts';
import { vaultPathMistake } from './vault-path.ts';

/** The kinds of text that a policy is made of. Each says in plain words what would be right. */

/** Tells what is wrong with a text, or `undefined`. */
type Judge = (value: string) => string | undefined;

function judged(judge: Judge, params?: z.core.$ZodStringParams) {
  return z.string(params).check((context) => {
    const message = judge(context.value);
    if (message !== undefined) context.issues.push({ code: 'custom', message, input: context.value });
  });
}

const shown = (value: unknown): string => JSON.stringify(value)?.slice(0, 80) ?? 'nothing';

/** A duration; `positive` where zero makes no sense. */
export function durationText(least: 'zero' | 'positive' = 'zero') {
  return judged((value) => durationMistake(value, least), {
    error: ({ input }) => (input == null ? undefined : notADuration(input)),
  }).meta({ pattern: DURATION_PATTERN.source });
}

function durationMistake(value: string, least: 'zero' | 'positive'): string | undefined {
  if (!DURATION_PATTERN.test(value)) return notADuration(value);
  const ms = parseDuration(value);
  if (ms === undefined) return `${shown(value)} is too long; at most ten years make sense`;
  return ms === 0 && least === 'positive' ? 'must be longer than nothing' : undefined;
}

const notADuration = (value: unknown): string => `${shown(value)} is not a duration; ${DURATION_HINT}`;

export const cronText = judged(cronMistake);

export const timezoneText = judged((value) =>
  isTimezone(value)
    ? undefined
    : `unknown time zone ${shown(value)}; give an IANA name such as Europe/Stockholm or UTC${didYouMean(value, Intl.supportedValuesOf('timeZone'))}`,
);

export const vaultPathText = judged(vaultPathMistake);

export const addressText = judged(addressMistake).meta({ pattern: '^https?://' });

export const listenText = judged(listenMistake);

/** Where a stand-in listens. */
export const standInText = judged(
  (value) => listenMistake(value) ?? sandboxHostMistake(parseListenAddress(value)?.host ?? ''),
);

function listenMistake(value: string): string | undefined {
  if (parseListenAddress(value)) return undefined;
  return `${shown(value)} is not an address to listen on; write host:port, as in 127.0.0.1:8080 or [::1]:8080`;
}

/** A text of a pattern, with the words that say what the pattern wants. */
export function patternText(pattern: RegExp, wanted: string) {
  return z.string().regex(pattern, { error: ({ input }) => `${shown(input)} will not do; ${wanted}` });
}

/** A text that is used as it is, such as the name of a project. Not shown when wrong: a secret may be stuck to it. */
export const wordText = z
  .string()
  .regex(/^[^\s\p{Cc}:/]+$/u, { error: 'must not be empty nor contain spaces, ":" or "/"' });

export const allowHttp = z
  .boolean()
  .describe('Allow plain http:// to another machine here: everything sent, secrets included, can be read on the way.');

const HTTP_MISTAKE = 'plain http can be read on the way; use https, or put "allow_http: true" beside it';

/** For a mapping with addresses: plain http to another machine needs `allow_http: true` beside it. */
export function plainHttpGuard(key: string) {
  return z.refine<object>((value) => !isForbiddenHttp(value, key), {
    ...evenIfBroken,
    path: [key],
    error: HTTP_MISTAKE,
  });
}

function isForbiddenHttp(value: object, key: string): boolean {
  const { allow_http: allowed, [key]: address } = value as Readonly<Record<string, unknown>>;
  return (
    allowed !== true && typeof address === 'string' && addressMistake(address) === undefined && isPlainHttp(address)
  );
}

/** For checks of a mapping as a whole that want to be heard even if something else in it is wrong. */
export const evenIfBroken = {
  when: ({ value }: z.core.ParsePayload): boolean => typeof value === 'object' && value !== null,
};
