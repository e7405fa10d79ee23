import { h, say } from './dom.js';
import { distance, lookOf, moment, nextOf, waitingOf, wordOf } from './words.js';

/** Rows above and below what is seen, so that a quick scroll finds something. */
const SPARE = 12;

const COLUMNS = [
  { name: 'state', title: 'State', sort: 'state' },
  { name: 'application', title: 'Application', sort: 'application' },
  { name: 'generation', title: 'Gen.', says: 'Generation' },
  { name: 'key', title: 'Access key id' },
  { name: 'age', title: 'Age', sort: 'age' },
  { name: 'next', title: 'What comes next', sort: 'next' },
  { name: 'waiting', title: 'To be revoked' },
];

/** The list of applications. Of ten thousand rows only those stand in the document that can be seen. */
export class Table {
  #table;
  #head;
  #body;
  #gaps;
  #rows = [];
  #shown = new Map();
  #height = 40;
  #on;

  /** `on.open(application)`, `on.sort(order)`. */
  constructor(table, on) {
    this.#table = table;
    this.#on = on;
    [this.#head] = table.tHead ? [table.tHead] : [];
    const [above, rows, below] = table.tBodies;
    this.#gaps = [above, below].map((body) => body.rows[0].cells[0]);
    for (const gap of this.#gaps) gap.colSpan = COLUMNS.length;
    this.#body = rows;
    // on a phone its parts are laid out by CSS, which takes a table's meaning away
    for (const [element, role] of [
      [table, 'table'],
      [this.#head, 'rowgroup'],
      [rows, 'rowgroup'],
    ]) {
      element.setAttribute('role', role);
    }
    this.#head.append(
      h(
        'tr',
        { role: 'row', 'aria-rowindex': 1 },
        COLUMNS.map((column) => this.#heading(column)),
      ),
    );
    rows.addEventListener('click', (event) => this.#open(event));
    rows.addEventListener('keydown', (event) => this.#move(event));
    addEventListener('scroll', () => this.paint(), { passive: true });
    addEventListener('resize', () => this.paint());
  }

  /** A phone has no room for the buttons, but screen readers hear the words there. */
  #heading({ name, title, sort, says }) {
    const button = sort && h('button', { type: 'button', onclick: () => this.#on.sort(sort) }, title);
    const words = sort ? [button, h('span', { class: 'word' }, title)] : title;
    return h('th', { scope: 'col', role: 'columnheader', class: name, 'data-sort': sort, 'aria-label': says }, words);
  }

  /** All rows that are to be found by scrolling, in order. */
  show(rows, sort) {
    this.#rows = rows;
    this.#table.setAttribute('aria-rowcount', String(rows.length + 1));
    for (const cell of this.#head.rows[0].cells) {
      if (cell.dataset.sort === sort) cell.setAttribute('aria-sort', 'ascending');
      else cell.removeAttribute('aria-sort');
    }
    this.paint();
  }

  /** Draws what can be seen now. */
  paint() {
    this.#height = Number.parseFloat(getComputedStyle(this.#table).getPropertyValue('--row')) || this.#height;
    const top = this.#gaps[0].getBoundingClientRect().top;
    const first = Math.max(0, Math.floor(-top / this.#height) - SPARE);
    const count = Math.ceil(innerHeight / this.#height) + 2 * SPARE;
    this.#draw(Math.min(first, Math.max(0, this.#rows.length - count)), count);
  }

  #draw(first, count) {
    const rows = this.#rows.slice(first, first + count);
    this.#stretch(0, first);
    this.#stretch(1, this.#rows.length - first - rows.length);
    const before = this.#shown;
    const now = Date.now();
    const wanted = rows.map((row) => before.get(row.application) ?? newLine(row.application));
    this.#shown = new Map(rows.map((row, index) => [row.application, wanted[index]]));
    rows.forEach((row, index) => {
      update(wanted[index], row, first + index, now);
    });
    for (const [name, line] of before) if (!this.#shown.has(name)) line.row.remove();
    this.#place(wanted);
  }

  /** Moves only what stands elsewhere: an element that is moved loses the focus. */
  #place(lines) {
    let next = this.#body.firstElementChild;
    for (const { row } of lines) {
      if (row === next) next = next.nextElementSibling;
      else this.#body.insertBefore(row, next);
    }
  }

  #stretch(which, rows) {
    const gap = this.#gaps[which];
    gap.style.height = `${rows * this.#height}px`;
    gap.closest('tbody').hidden = which === 1 && rows === 0;
  }

  #open(event) {
    const row = event.target.closest('tr');
    if (row && getSelection().isCollapsed) this.#on.open(row.dataset.application);
  }

  #move(event) {
    const end = this.#rows.length;
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -end, End: end }[event.key];
    const row = event.target.closest('tr');
    if (!step || !row) return;
    event.preventDefault();
    const index = Number(row.getAttribute('aria-rowindex')) - 2 + step;
    this.focus(Math.min(Math.max(index, 0), this.#rows.length - 1));
  }

  /** Brings a row into view and puts the focus on it. */
  focus(index) {
    const name = this.#rows[index]?.application;
    if (!name) return;
    const top = this.#gaps[0].getBoundingClientRect().top + scrollY + index * this.#height;
    const margin = 3 * this.#height;
    if (top < scrollY + margin) scrollTo(0, top - margin);
    else if (top > scrollY + innerHeight - margin) scrollTo(0, top - innerHeight + margin);
    this.paint();
    this.#shown.get(name)?.name.focus({ preventScroll: true });
  }
}

function newLine(application) {
  const cells = Object.fromEntries(COLUMNS.map(({ name }) => [name, h('td', { class: name, role: 'cell' })]));
  const name = h('button', { type: 'button', class: 'name' }, application);
  const state = { glyph: h('span', { class: 'glyph', 'aria-hidden': 'true' }), word: h('span') };
  const [next, code, issuer] = [h('span'), h('code'), h('span', { class: 'issuer' })];
  cells.state.append(state.glyph, state.word);
  cells.application = h('th', { class: 'application', scope: 'row', role: 'rowheader' }, name, issuer);
  cells.next.append(code, next);
  const row = h('tr', { role: 'row', 'data-application': application }, Object.values(cells));
  return { row, cells, name, state, next, code, issuer };
}

function update({ row, cells, state, next, code, issuer }, data, index, now) {
  const { glyph, mood } = lookOf(data.state);
  const mark = data.heldUntil > now && mood === 'well' ? '‖' : glyph;
  row.setAttribute('aria-rowindex', String(index + 2));
  row.dataset.mood = mood;
  row.dataset.state = data.state;
  say(state.glyph, mark);
  say(state.word, wordOf(data.state));
  say(issuer, data.issuer);
  say(cells.generation, data.generation === undefined ? '–' : String(data.generation));
  say(cells.key, data.key ?? '–');
  say(cells.age, data.publishedAt === undefined ? '–' : distance(now - data.publishedAt));
  cells.age.title = data.publishedAt === undefined ? '' : `published ${moment(data.publishedAt, now)}`;
  say(code, (data.state === 'retired' ? '' : data.code) ?? data.notices[0] ?? '');
  say(next, nextOf(data, now));
  cells.next.title = data.nextAt === undefined ? '' : moment(data.nextAt, now);
  say(cells.waiting, waitingOf(data, now));
}
