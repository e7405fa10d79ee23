import { token } from './access.js';
import { readChoice, writeChoice } from './choice.js';
import { Detail } from './detail.js';
import { askToken } from './dialogs.js';
import { byId, fill, h, say } from './dom.js';
import { showOverview } from './overview.js';
import { Store } from './store.js';
import { Stream } from './stream.js';
import { Table } from './table.js';
import { distance, HELD, number, plural, STATES, wordOf } from './words.js';

/** The list is drawn anew at most this often when something changes, in ms. */
const DRAW_MS = 250;

const store = new Store();
const choice = readChoice();
const detail = new Detail(() => store.overview?.can_write ?? false, { closed: () => open(undefined) });
const table = new Table(byId('table'), { open, sort: (sort) => choose({ sort }) });
const stream = new Stream({ event: onEvent, line: onLine });
let line = { state: 'connecting' };
let drawTimer;
let lastHeadline = '';

function onEvent(name, data) {
  if (name === 'overview') store.overview = data;
  if (name === 'begin') store.begin(data.total);
  if (name === 'end') store.end();
  if (name === 'rows') {
    store.take(data);
    detail.changed(new Set(data.map((row) => row.application)));
  }
  if (name === 'rows' || name === 'end' || name === 'overview') drawSoon();
}

/** The first picture at once, later ones gathered. */
function drawSoon() {
  if (drawTimer !== undefined) return;
  const wait = store.size === 0 || document.body.dataset.drawn === undefined ? 0 : DRAW_MS;
  drawTimer = setTimeout(() => {
    drawTimer = undefined;
    draw();
  }, wait);
}

function draw() {
  const now = Date.now();
  const counts = store.counts(now);
  const rows = store.select(choice, now);
  drawStates(counts);
  drawIssuers();
  table.show(rows, choice.sort);
  drawCount(rows.length);
  drawOverview(store.size < store.total ? undefined : counts);
  if (store.size > 0) document.body.dataset.drawn = String(store.size);
}

function drawOverview(counts) {
  if (!store.overview) return;
  const headline = showOverview(store.overview, counts, { open, all: showAll });
  if (headline === lastHeadline) return;
  if (lastHeadline !== '') announce(headline);
  lastHeadline = headline;
  document.title = `${byId('attention').dataset.mood === 'well' ? '' : '! '}${headline} – rekeyd`;
}

function drawStates(counts) {
  const shown = [...STATES, HELD].map(({ state, glyph, mood, means }) => ({
    state,
    glyph,
    mood,
    means,
    count: counts.get(state) ?? 0,
    isOn: choice.states.has(state),
  }));
  const visible = shown.filter(({ count, isOn, mood }) => count > 0 || isOn || mood === 'bad');
  fill(byId('states'), [visible.map(({ state, isOn }) => [state, isOn])], () =>
    visible.map(({ state, glyph, mood, means, isOn }) =>
      h(
        'button',
        {
          type: 'button',
          class: 'chip',
          'data-mood': mood,
          'data-state': state,
          'aria-pressed': String(isOn),
          title: means,
          onclick: () => toggle(state),
        },
        h('span', { class: 'glyph', 'aria-hidden': 'true' }, glyph),
        `${wordOf(state)} `,
        h('b'),
      ),
    ),
  );
  for (const { state, count } of visible) {
    const chip = byId('states').querySelector(`[data-state="${state}"]`);
    say(chip.lastElementChild, number(count));
    chip.classList.toggle('none', count === 0);
  }
}

/** Which states are shown changes, and the focus stays on the button. */
function toggle(state) {
  const states = new Set(choice.states);
  if (!states.delete(state)) states.add(state);
  choose({ states });
  byId('states').querySelector(`[data-state="${state}"]`)?.focus();
}

function drawIssuers() {
  const names = store.issuers();
  const select = byId('issuer');
  select.hidden = names.length < 2;
  document.body.classList.toggle('one-issuer', names.length < 2);
  fill(select, names, () =>
    ['', ...names].map((name) => h('option', { value: name }, name === '' ? 'all issuers' : name)),
  );
  if (select.value !== choice.issuer) select.value = choice.issuer;
}

function drawCount(shown) {
  const isAll = shown === store.size;
  const loading = store.size < store.total ? ` (${number(store.total)} in all, loading)` : '';
  say(byId('count'), `${isAll ? plural(shown, 'application') : `${number(shown)} of ${number(store.size)}`}${loading}`);
  byId('nothing').hidden = shown > 0 || store.total === 0;
  say(byId('nothing'), 'No application matches. Escape in the search field shows all again.');
}

function choose(change) {
  Object.assign(choice, change);
  byId('q').value = choice.q;
  writeChoice(choice);
  draw();
}

/** All applications with the same trouble. What is merely late has no code to search for. */
function showAll({ kind, code }) {
  const isLate = kind === 'overdue';
  choose({ q: isLate ? '' : code, states: new Set(isLate ? ['overdue'] : []), issuer: '' });
}

function open(application) {
  if (choice.application === application && detail.application === application) return;
  choice.application = application;
  writeChoice(choice);
  if (application !== undefined) void detail.open(application);
}

/** At most one every few seconds: whoever listens is not to be talked over. */
function announce(text) {
  say(byId('announcer'), text);
}

function onLine(state, about) {
  if (state === line.state && state === 'live') return;
  line = { state, since: state === 'lost' ? (line.since ?? Date.now()) : undefined, ...about };
  drawLine();
  if (state === 'lost') announce('The connection to rekeyd is lost; what is shown may be old.');
  if (state === 'denied') void whenDenied(about.problem);
}

function drawLine() {
  const words = {
    connecting: () => 'connecting …',
    live: () => 'live',
    lost: () => `lost for ${distance(Date.now() - line.since)}: what is shown may be old`,
    denied: () => (line.problem?.status === 401 ? 'the token is needed' : (line.problem?.message ?? 'denied')),
  };
  byId('line').dataset.line = line.state;
  say(byId('line'), words[line.state]());
}

async function whenDenied(problem) {
  if (store.size === 0) say(byId('headline'), problem.status === 401 ? 'The token is needed to look' : problem.message);
  if (problem.status !== 401 || document.querySelector('dialog[open]')) return;
  const why =
    token.get() === '' ? 'rekeyd shows nothing without its token here.' : 'The server does not take this token.';
  if (await askToken(why)) stream.again();
}

function drawTokenButton() {
  say(byId('token-button'), token.get() === '' ? 'Token …' : 'Token given …');
}

byId('token-button').addEventListener('click', async () => {
  if (await askToken('With the token applications can be rotated from here.')) stream.again();
  drawTokenButton();
});

byId('q').value = choice.q;
byId('q').addEventListener('input', () => choose({ q: byId('q').value }));
byId('issuer').addEventListener('change', () => choose({ issuer: byId('issuer').value }));

addEventListener('keydown', (event) => {
  const isTyping = event.target.matches?.('input, select, textarea');
  if (event.key === '/' && !isTyping && !document.querySelector('dialog[open]')) {
    event.preventDefault();
    byId('q').focus();
    byId('q').select();
  }
  if (event.key === 'Escape' && event.target === byId('q')) {
    event.preventDefault();
    if (choice.q === '' && choice.states.size === 0 && choice.issuer === '') byId('q').blur();
    else choose({ q: '', states: new Set(), issuer: '' });
  }
});

/** Times go on by themselves. */
setInterval(() => {
  drawLine();
  drawTokenButton();
  if (document.hidden || store.size === 0) return;
  table.paint();
  drawOverview(store.size < store.total ? undefined : store.counts(Date.now()));
}, 1_000);

drawTokenButton();
void stream.run();
if (choice.application) void detail.open(choice.application);
