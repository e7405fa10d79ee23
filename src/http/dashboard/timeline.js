import { h, s } from './dom.js';
import { distance, fromNow, moment } from './words.js';

/** The picture of an application's generations: what was, what is, and the days to come. */

const LANE = 40;
const LINE = 14;
/** What a letter of a label takes on the average, in pixels; rather too much than too little. */
const LETTER = 6.6;
const TOP = 22;
const FOOT = 30;
const SIDE = 10;
const TICKS_MS = [
  1e3,
  5e3,
  15e3,
  6e4,
  3e5,
  9e5,
  36e5,
  108e5,
  216e5,
  432e5,
  864e5,
  2 * 864e5,
  7 * 864e5,
  14 * 864e5,
  30 * 864e5,
  91 * 864e5,
  365 * 864e5,
];

const at = (time) => (time ? Date.parse(time) : undefined);

/** Draws `history` for a box of `width` pixels. */
export function timeline(application, history, width, now = Date.now()) {
  const lanes = history.generations.map((one) => laneOf(one, now));
  const plan = history.coming.map(({ at: time, what }) => ({ at: Date.parse(time), what }));
  const scale = scaleOf(lanes, plan, width, now);
  const labels = lanes.map((lane) => labelOf(lane, scale));
  const lines = Math.max(1, ...labels.map(({ words }) => words.length));
  const lane = LANE + (lines - 1) * LINE;
  const height = TOP + Math.max(1, lanes.length) * lane + FOOT;
  const middleOf = (index) => TOP + (index + 1) * lane - 14;
  const [title, description] = [`Generations of ${application}`, inWords(history, now)];
  return s(
    'svg',
    {
      class: 'timeline',
      viewBox: `0 0 ${width} ${height}`,
      width,
      height,
      role: 'img',
      'aria-labelledby': 'timeline-title timeline-words',
    },
    s('title', { id: 'timeline-title' }, title),
    s('desc', { id: 'timeline-words' }, description),
    s('defs', {}, hatch()),
    axis(scale, height),
    lanes.map((lane, index) => drawLane(lane, middleOf(index), scale, now)),
    plan.filter(({ what }) => what === 'rotation').map((one) => planned(one, scale, height)),
    nowLine(scale, height, now),
    // over all lines, which would cross them out
    labels.map((label, index) => drawLabel(label, middleOf(index) - 14)),
  );
}

/** The times of one credential: `lives` while Vault holds it, `grace` while it lives on behind its successor. */
function laneOf(one, now) {
  const [issued, published, superseded] = [at(one.issued_at), at(one.published_at), at(one.superseded_at)];
  const revoked = at(one.revoked_at);
  const end = revoked ?? at(one.revoke_at);
  const isLasting = one.revoke_at === null && revoked === undefined;
  const begin = published ?? issued ?? superseded;
  return {
    ...one,
    issued,
    verified: at(one.verified_at),
    published,
    superseded,
    revoked,
    end,
    isLasting,
    begin: begin ?? end ?? now,
  };
}

function scaleOf(lanes, plan, width, now) {
  const times = [
    now,
    ...plan.map((one) => one.at),
    ...lanes.flatMap(({ issued, begin, end }) => [issued ?? begin, begin, end ?? begin]),
  ];
  const [first, last] = [Math.min(...times), Math.max(...times)];
  const span = Math.max(last - first, 10_000) * 1.06;
  const from = first - span * 0.02;
  const to = from + span;
  return { from, to, width, x: (time) => SIDE + ((time - from) / span) * (width - 2 * SIDE) };
}

function axis({ from, to, x, width }, height) {
  const step = TICKS_MS.find((ms) => (to - from) / ms <= Math.max(2, width / 110)) ?? TICKS_MS.at(-1);
  const ticks = [];
  for (let time = Math.ceil(from / step) * step; time < to; time += step) ticks.push(time);
  const y = height - FOOT + 4;
  return s(
    'g',
    { class: 'axis' },
    ticks.map((time) => [
      s('line', { x1: x(time), x2: x(time), y1: TOP, y2: y }),
      s(
        'text',
        { x: Math.min(Math.max(x(time), 30), width - 30), y: y + 14, 'text-anchor': 'middle' },
        tickText(time, step),
      ),
    ]),
  );
}

function tickText(time, step) {
  const [day, month, clock] = moment(time).split(' ');
  if (step >= 864e5) return `${day} ${month}`;
  return step >= 6e4 ? `${step >= 216e5 ? `${day} ${month} ` : ''}${clock.slice(0, 5)}` : clock.slice(0, 8);
}

/** What a lane is, where it begins, and in as many lines as it needs. */
function labelOf(lane, { x, width }) {
  const name = lane.generation ? `generation ${lane.generation}` : 'earlier';
  const parts = [name, lane.access_key_id, fateOf(lane)];
  const room = (width - 2 * SIDE) / LETTER;
  const words =
    parts.join(' · ').length <= room ? [parts.join(' · ')] : [`${name} · ${fateOf(lane)}`, lane.access_key_id];
  const longest = Math.max(...words.map((line) => line.length)) * LETTER;
  const left = Math.max(x(lane.issued ?? lane.begin), SIDE);
  return { words, at: left + longest <= width - SIDE ? { x: left } : { x: width - SIDE, 'text-anchor': 'end' } };
}

/** `y`: of its last line. */
function drawLabel({ words, at }, y) {
  return s(
    'g',
    { class: 'label' },
    words.map((line, index) => s('text', { ...at, y: y - (words.length - 1 - index) * LINE }, line)),
  );
}

function drawLane(lane, middle, { x, to }, now) {
  return s(
    'g',
    { class: 'lane', 'data-fate': lane.fate },
    bars(lane, now, to).map(
      ({ kind, a, b }) =>
        b > a && s('rect', { class: kind, x: x(a), width: Math.max(1, x(b) - x(a)), y: middle - 6, height: 12, rx: 2 }),
    ),
    marks(lane, now).map(([kind, time]) => mark(kind, x(time), middle)),
  );
}

function fateOf({ fate, isLasting }) {
  if (fate === 'superseded') return isLasting ? 'lives until a person revokes it' : 'in grace';
  return fate;
}

function bars(lane, now, to) {
  const { published, superseded, end, isLasting, fate, issued, begin } = lane;
  const list = [];
  if (issued !== undefined) list.push({ kind: 'made', a: issued, b: published ?? lane.revoked ?? now });
  if (published !== undefined)
    list.push({ kind: 'live', a: published, b: superseded ?? (fate === 'current' ? now : published) });
  const graceEnd = isLasting ? to : end;
  const graceBegin = superseded ?? (fate === 'superseded' ? begin : undefined);
  if (graceBegin !== undefined && graceEnd !== undefined) {
    list.push({ kind: 'grace', a: graceBegin, b: Math.min(graceEnd, Math.max(now, graceBegin)) });
    list.push({ kind: 'ahead', a: Math.max(now, graceBegin), b: graceEnd });
  }
  return list;
}

function marks({ issued, verified, published, superseded, revoked, end, isLasting, fate }) {
  const list = [
    ['issued', issued],
    ['verified', verified],
    ['published', published],
    ['superseded', superseded],
    ['revoked', revoked],
  ];
  if (revoked === undefined && !isLasting && fate === 'superseded') list.push(['to-revoke', end]);
  return list.filter(([, time]) => time !== undefined);
}

const PATHS = {
  issued: 'M-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0',
  verified: 'M-3.5 0L-1 3L4 -3.5',
  published: 'M-4.5 0a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0 -9 0',
  superseded: 'M0 -7V7',
  revoked: 'M-4 -4L4 4M4 -4L-4 4',
  'to-revoke': 'M-4 -4L4 4M4 -4L-4 4',
  rotation: 'M0 -6L6 0L0 6L-6 0Z',
};

export const mark = (kind, x, y) =>
  s('path', { class: `mark ${kind}`, d: PATHS[kind], transform: `translate(${x} ${y})` });

function planned({ at: time }, { x }, height) {
  return s(
    'g',
    { class: 'plan' },
    s('line', { x1: x(time), x2: x(time), y1: TOP, y2: height - FOOT + 4 }),
    mark('rotation', x(time), TOP - 8),
  );
}

function nowLine({ x, width }, height, now) {
  const here = x(now);
  const isRight = here > width - 40;
  return s(
    'g',
    { class: 'now' },
    s('line', { x1: here, x2: here, y1: TOP - 6, y2: height - FOOT + 4 }),
    s('text', { x: here + (isRight ? -4 : 4), y: 12, 'text-anchor': isRight ? 'end' : 'start' }, 'now'),
  );
}

function hatch() {
  const line = s('path', { d: 'M-1 1l2 -2M0 6l6 -6M5 7l2 -2', class: 'hatch' });
  return s('pattern', { id: 'hatch', width: 6, height: 6, patternUnits: 'userSpaceOnUse' }, line);
}

function inWords({ generations, coming }, now) {
  const past = generations.map(
    (one) =>
      `${one.generation ? `Generation ${one.generation}` : 'An earlier credential'} (${one.access_key_id}) is ${fateOf(laneOf(one, now))}.`,
  );
  const plan = coming.map((one) => `${one.what} ${fromNow(Date.parse(one.at), now)}.`);
  return [...past, ...plan].join(' ') || 'Nothing is known yet.';
}

const LEGEND = [
  ['issued', 'issued'],
  ['verified', 'verified'],
  ['published', 'published'],
  ['superseded', 'superseded: grace begins'],
  ['revoked', 'revoked'],
  ['to-revoke', 'to be revoked'],
  ['rotation', 'next rotation'],
];

export function legend() {
  const item = ([kind, words]) =>
    h(
      'li',
      {},
      s('svg', { width: 16, height: 16, viewBox: '-8 -8 16 16', 'aria-hidden': 'true' }, mark(kind, 0, 0)),
      words,
    );
  return h('ul', { class: 'legend' }, LEGEND.map(item));
}

/** The same as the picture, as a table. */
export function generationTable(history, now = Date.now()) {
  const time = (text) =>
    h('td', {}, text ? h('time', { datetime: text, title: text }, moment(Date.parse(text), now)) : '–');
  const head = ['Generation', 'Access key id', 'State', 'Issued', 'Verified', 'Published', 'Superseded', 'Revoked'];
  const holdEnd = history.coming.find(({ what }) => what === 'end of the hold')?.at;
  const row = (one) =>
    h(
      'tr',
      {},
      h('th', { scope: 'row' }, one.generation ? String(one.generation) : 'earlier'),
      h('td', {}, h('code', {}, one.access_key_id)),
      h('td', {}, fateOf(laneOf(one, now))),
      [one.issued_at, one.verified_at, one.published_at, one.superseded_at].map(time),
      one.revoked_at || !one.revoke_at
        ? time(one.revoked_at)
        : h(
            'td',
            {},
            `in ${distance(Math.max(0, Date.parse(one.revoke_at) - now))}${one.revoke_at === holdEnd ? ', after the hold' : ''}`,
          ),
    );
  return h(
    'div',
    { class: 'scroll', role: 'region', 'aria-label': 'Generations as a table', tabindex: 0, 'data-keep': 'table' },
    h(
      'table',
      { class: 'plain' },
      h(
        'thead',
        {},
        h(
          'tr',
          {},
          head.map((one) => h('th', { scope: 'col' }, one)),
        ),
      ),
      h('tbody', {}, history.generations.map(row)),
    ),
  );
}
