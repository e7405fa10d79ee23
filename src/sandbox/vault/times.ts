/**
 * A time as Vault prints it: RFC 3339 with nanoseconds. The clock knows milliseconds, so a counter tells apart what
 * happened within one.
 */
export class NanoTimes {
  #counter = 0;

  format(ms: number): string {
    this.#counter = (this.#counter + 7919) % 1_000_000;
    const fraction = `${String(Math.floor(ms) % 1000).padStart(3, '0')}${String(this.#counter).padStart(6, '0')}`;
    const trimmed = fraction.replace(/0+$/, '');
    return `${new Date(ms).toISOString().slice(0, 19)}${trimmed && `.${trimmed}`}Z`;
  }
}

/** A time so many whole milliseconds after another one, to the nanosecond. */
export function timeAfter(time: string, ms: number): string {
  const finer = /\.\d{3}(\d+)Z$/.exec(time)?.[1] ?? '';
  return new Date(Date.parse(time) + ms).toISOString().replace('Z', `${finer}Z`);
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds of a duration as Vault takes it: seconds as a number or digits, `90s`, `1h30m`, `30d`. */
export function parseDuration(value: unknown): number | undefined {
  if (typeof value === 'number') return value * 1000;
  if (typeof value !== 'string') return undefined;
  if (/^-?\d+$/.test(value) || value === '') return Number(value) * 1000;
  const [, sign, parts = ''] = /^(-?)((?:\d+(?:ms|[smhd]))+)$/.exec(value) ?? [];
  if (sign === undefined) return undefined;
  const sum = [...parts.matchAll(/(\d+)(ms|[smhd])/g)].reduce(
    (total, [, amount, unit]) => total + Number(amount) * (UNITS[unit ?? ''] ?? 0),
    0,
  );
  return sign === '-' ? -sum : sum;
}

/** Whole seconds as Go prints a duration: `0s`, `1m30s`, `1h0m0s`. */
export function printDuration(ms: number): string {
  const total = Math.abs(Math.round(ms / 1000));
  const [hours, minutes, seconds] = [Math.floor(total / 3600), Math.floor(total / 60) % 60, total % 60];
  const parts = [hours && `${hours}h`, (hours || minutes) && `${minutes}m`, `${seconds}s`];
  return (ms < 0 ? '-' : '') + parts.filter(Boolean).join('');
}
