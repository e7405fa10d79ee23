/** What the page says: states, times and what comes next, in plain words. */

/** The states, the worst first. `glyph` tells them apart without colour. */
export const STATES = [
  { state: 'refused', glyph: '✕', mood: 'bad', means: 'not as rekeyd left it; waits for a person' },
  { state: 'failing', glyph: '!', mood: 'bad', means: 'an attempt went wrong; tried again by itself' },
  { state: 'blocked', glyph: '■', mood: 'bad', means: 'a condition does not hold; nothing was issued' },
  { state: 'overdue', glyph: '▲', mood: 'warn', means: 'its time of rotation is past' },
  { state: 'unknown', glyph: '?', mood: 'warn', means: 'not looked at yet' },
  { state: 'new', glyph: '+', mood: 'busy', means: 'has no credential yet' },
  { state: 'rotating', glyph: '↻', mood: 'busy', means: 'a rotation is under way' },
  { state: 'in-grace', glyph: '◐', mood: 'well', means: 'well; an earlier credential still lives' },
  { state: 'current', glyph: '●', mood: 'well', means: 'well' },
  { state: 'retired', glyph: '○', mood: 'calm', means: 'taken out of service on purpose' },
];

export const HELD = { state: 'held', glyph: '‖', mood: 'warn', means: 'an operator holds it' };

/** A state as it is shown: who was taken out of service on purpose is in no trouble. */
export const shownState = (state, code) => (state === 'refused' && code === 'retired' ? 'retired' : state);

/** A state as people read it. */
export const wordOf = (state) => (state === 'in-grace' ? 'in grace' : state);

const BY_NAME = new Map(STATES.map((one, rank) => [one.state, { ...one, rank }]));

export const lookOf = (state) => BY_NAME.get(state) ?? { ...HELD, state, glyph: '?', rank: 0 };

export const plural = (count, one, many = `${one}s`) => `${number(count)} ${count === 1 ? one : many}`;
export const number = (count) => count.toLocaleString('en').replaceAll(',', '\u2009');

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
];

/** `3 d 4 h`, `12 min`, `9 s`: two units at most, and one where the first is large. */
export function distance(ms) {
  const at = UNITS.findIndex(([, unit]) => Math.abs(ms) >= unit);
  if (at === -1) return '0 s';
  const [name, unit] = UNITS[at];
  const whole = Math.floor(Math.abs(ms) / unit);
  const next = UNITS[at + 1];
  const rest = next ? Math.floor((Math.abs(ms) % unit) / next[1]) : 0;
  return whole >= 10 || rest === 0 || next[0] === 's' ? `${whole} ${name}` : `${whole} ${name} ${rest} ${next[0]}`;
}

/** `in 3 d`, `4 min ago`, `now`. */
export function fromNow(time, now) {
  if (Math.abs(time - now) < 1_000) return 'now';
  return time > now ? `in ${distance(time - now)}` : `${distance(now - time)} ago`;
}

const pad = (value) => String(value).padStart(2, '0');
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `23 Nov 18:31:05Z`: UTC, like the log; with the year where that is another. */
export function moment(time, now = Date.now()) {
  const date = new Date(time);
  const year = date.getUTCFullYear() === new Date(now).getUTCFullYear() ? '' : ` ${date.getUTCFullYear()}`;
  const clock = [date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()].map(pad).join(':');
  return `${date.getUTCDate()} ${MONTHS[date.getUTCMonth()]}${year} ${clock}Z`;
}

/** Nothing is rotated or revoked by itself before a hold ends. */
export const afterHold = (time, until) => Math.max(time, until ?? 0);

/** What happens to an application next, and when. */
export function nextOf(row, now) {
  if (row.state === 'refused') return 'waits for a person';
  if (row.state === 'retired') return 'out of service';
  if (row.state === 'unknown') return 'to be looked at';
  if (row.state === 'rotating') return 'issue, verify, publish';
  if (row.heldUntil > now) return `held, until ${fromNow(row.heldUntil, now)}`;
  if (!row.nextAt) return row.next ?? '';
  return `${row.next} ${row.nextAt <= now ? 'now' : fromNow(row.nextAt, now)}`;
}

/** What of an application waits to be revoked. */
export function waitingOf(row, now) {
  const strays = row.strays ? [plural(row.strays, 'stray')] : [];
  if (!row.superseded) return strays.join(', ');
  return [`${number(row.superseded)}: revoked ${revocationOf(row, now)}`, ...strays].join(', ');
}

function revocationOf({ revokeAt, heldUntil }, now) {
  if (!revokeAt) return 'by a person only';
  const end = afterHold(revokeAt, heldUntil);
  return `${end <= now ? 'now' : fromNow(end, now)}${end > revokeAt ? ', after the hold' : ''}`;
}
