import type { Secret } from '../policy/secret.ts';

const LONGEST = 200;

/** A server's words as they may be shown: one line, no secret of the request in it, at most 200 characters. */
export function showable(words: string, secrets: readonly Secret[] = []): string {
  const line = scrub(words, secrets)
    // A server's words end up on terminals and in logs: no control characters.
    .replaceAll(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .trim();
  return line.length > LONGEST ? `${line.slice(0, LONGEST)}…` : line;
}

function scrub(words: string, secrets: readonly Secret[]): string {
  const forms = secrets.flatMap((secret) => formsOf(secret.reveal())).sort((one, other) => other.length - one.length);
  return forms.reduce((text, form) => text.replaceAll(form, '[secret]'), words);
}

/** A secret as it is, and as JSON and URLs write it. */
function formsOf(value: string): string[] {
  const forms = [value, JSON.stringify(value).slice(1, -1), encodeURIComponent(value.toWellFormed())];
  return [...new Set(forms)].filter((form) => form !== '');
}
