import { ask } from './access.js';
import { byId, h, say, show } from './dom.js';
import { rotateNow } from './rotate.js';
import { generationTable, legend, timeline } from './timeline.js';
import { afterHold, distance, fromNow, lookOf, moment, shownState, wordOf } from './words.js';

/** Looked at anew this often while it is open, in ms, and no more often than `SOONEST_MS` when something changes. */
const EVERY_MS = 10_000;
const SOONEST_MS = 400;

/** One application in full, in a sheet beside the list. */
export class Detail {
  #dialog = byId('detail');
  #name;
  #timer;
  #canWrite = () => false;
  #said = { text: '', mood: '' };

  /** `on.closed()`; `canWrite` tells whether the server lets anything be changed. */
  constructor(canWrite, on) {
    this.#canWrite = canWrite;
    this.#dialog.addEventListener('close', () => {
      clearTimeout(this.#timer);
      this.#name = undefined;
      on.closed();
    });
    this.#dialog.addEventListener('click', (event) => event.target === this.#dialog && this.#dialog.close());
  }

  get application() {
    return this.#name;
  }

  async open(name) {
    this.#name = name;
    this.#said = { text: '', mood: '' };
    show(
      this.#dialog,
      h('h2', { id: 'detail-title' }, name),
      h('p', { class: 'unanswered', role: 'status' }, 'looking …'),
    );
    if (!this.#dialog.open) this.#dialog.showModal();
    await this.#look();
  }

  close() {
    this.#dialog.close();
  }

  /** It may show differently now. */
  changed(names) {
    if (this.#name !== undefined && names.has(this.#name)) this.#lookIn(SOONEST_MS);
  }

  #lookIn(ms) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#look(), ms);
  }

  async #look() {
    const name = this.#name;
    try {
      const answer = await ask(`/api/v1/applications/${encodeURIComponent(name)}`);
      const application = await answer.json();
      if (this.#name === name) this.#show(application);
    } catch (problem) {
      if (this.#name === name) this.#tellUnanswered(problem.message);
    }
    if (this.#name === name) this.#lookIn(EVERY_MS);
  }

  /**
   * Everything is drawn anew, but the focus stays where it is. Not under a question: what asked it gets the focus back,
   * and must still be there.
   */
  #show(application) {
    if (document.querySelector('dialog[open]:not(#detail)')) return;
    const focused = document.activeElement?.dataset?.keep;
    const [scroll, across] = [this.#dialog.scrollTop, this.#dialog.querySelector('.scroll')?.scrollLeft ?? 0];
    show(this.#dialog, this.#parts(application));
    this.#dialog.scrollTop = scroll;
    const table = this.#dialog.querySelector('.scroll');
    if (table) table.scrollLeft = across;
    const isInFront = document.activeElement === this.#dialog || document.activeElement === document.body;
    if (isInFront) this.#dialog.querySelector(`[data-keep="${focused ?? 'close'}"]`)?.focus({ preventScroll: true });
    this.#tell(this.#said.text, this.#said.mood);
  }

  #parts(application) {
    const now = Date.now();
    const state = shownState(application.state, application.trouble?.code);
    const { glyph, mood, means } = lookOf(state);
    const width = Math.max(300, this.#dialog.clientWidth - 48);
    return [
      h(
        'header',
        { 'data-mood': mood },
        h('h2', { id: 'detail-title' }, application.application),
        h(
          'p',
          { class: 'state' },
          h('span', { class: 'glyph', 'aria-hidden': 'true' }, glyph),
          h('strong', {}, wordOf(state)),
          ` ${means}`,
        ),
        h('button', { type: 'button', class: 'close', 'data-keep': 'close', onclick: () => this.close() }, 'Close'),
      ),
      h('p', { class: 'unanswered', role: 'status' }),
      problems(application, now),
      h('h3', {}, 'Generations and the days to come'),
      h(
        'figure',
        {},
        timeline(application.application, application.history, width, now),
        h('figcaption', {}, legend()),
      ),
      generationTable(application.history, now),
      h('h3', {}, 'How it stands'),
      facts(application, now),
      past(application.history, now),
      this.#deeds(application),
    ];
  }

  #deeds(application) {
    const canWrite = this.#canWrite();
    const why = 'Nothing is changed over HTTP: the policy names no http.token.';
    return h(
      'footer',
      {},
      h(
        'button',
        {
          type: 'button',
          class: 'primary',
          'data-keep': 'rotate',
          disabled: !canWrite,
          'aria-describedby': canWrite ? undefined : 'why-not',
          onclick: () => this.#rotate(application),
        },
        'Rotate now …',
      ),
      canWrite ? h('p', { class: 'told', role: 'status' }) : h('p', { id: 'why-not', class: 'hint' }, why),
    );
  }

  async #rotate(application) {
    const name = this.#name;
    await rotateNow(application, (text, mood) => this.#name === name && this.#tell(text, mood));
    if (this.#name === name) await this.#look();
  }

  /** What is shown may be old; the next answer draws everything anew and takes this away. */
  #tellUnanswered(text) {
    const line = this.#dialog.querySelector('.unanswered');
    line.dataset.mood = 'bad';
    say(line, text);
  }

  /** How a rotation goes, or went. */
  #tell(text, mood) {
    this.#said = { text, mood };
    const line = this.#dialog.querySelector('.told');
    if (!line || text === '') return;
    line.dataset.mood = mood;
    say(line, text);
  }
}

function problems({ state, trouble, notices, failures }, now) {
  const isRetired = shownState(state, trouble?.code) === 'retired';
  const list = [
    trouble && {
      ...trouble,
      kind: isRetired ? 'worth a look' : trouble.kind === 'failed' ? 'failing' : trouble.kind,
      mood: isRetired ? 'calm' : 'bad',
      times: failures > 1 ? `${failures} times in a row` : '',
    },
    ...notices.map((notice) => ({ ...notice, kind: 'worth a look', mood: 'warn' })),
  ].filter(Boolean);
  const item = ({ kind, code, reason, remedy, since, mood, times }) =>
    h(
      'li',
      { class: 'card', 'data-mood': mood },
      h(
        'p',
        { class: 'card-title' },
        h('strong', {}, kind),
        h('code', {}, code),
        since &&
          h('span', { class: 'when', title: moment(Date.parse(since)) }, `since ${distance(now - Date.parse(since))}`),
        times,
      ),
      h('p', { class: 'reason' }, reason),
      h('p', { class: 'remedy' }, h('b', {}, 'What to do: '), remedy),
    );
  return list.length > 0 && h('ul', { class: 'cards' }, list.map(item));
}

function facts(one, now) {
  const { current, hold } = one;
  const at = (time) => time && `${moment(Date.parse(time), now)}, ${fromNow(Date.parse(time), now)}`;
  const until = hold && Date.parse(hold.until);
  const planned = (time) => {
    const due = Date.parse(time);
    const end = afterHold(due, until);
    return `${moment(end, now)}, ${fromNow(end, now)}${end > due ? ', after the hold' : ''}`;
  };
  const waiting = one.superseded.map(({ access_key_id: key, why, revoke_at: end }) =>
    h(
      'li',
      {},
      h('code', {}, key),
      ` ${why}, ${end === null ? 'lives until a person revokes it' : `revoked ${planned(end)}`}`,
    ),
  );
  const rows = [
    ['Path in Vault', h('code', {}, one.path)],
    ['Issuer', `${one.issuer}${current ? `, instance ${current.instance}` : ''}`],
    ['Generation', one.generation],
    ['Access key id', current && h('code', {}, current.access_key_id)],
    ['Credential id', current && h('code', {}, current.credential_id)],
    ['Published', at(current?.published_at)],
    ['Adopted', current?.adopted && 'yes: made by hand, taken over'],
    ['Next rotation', one.rotate_at && planned(one.rotate_at)],
    ['Comes next', one.next && `${one.next}${one.next_at ? `, ${at(one.next_at)}` : ''}`],
    ['Grace', one.grace_seconds !== undefined && distance(one.grace_seconds * 1_000)],
    ['To be revoked', waiting.length > 0 && h('ul', {}, waiting)],
    ['Strays', one.strays || undefined],
    ['Hold', hold && `until ${at(hold.until)} by ${hold.by}${hold.why ? `: ${hold.why}` : ''}`],
    ['Last looked at', at(one.seen_at)],
  ];
  const known = rows.filter(([, value]) => value !== undefined && value !== false && value !== '');
  return h(
    'dl',
    {},
    known.map(([name, value]) => h('div', {}, h('dt', {}, name), h('dd', {}, value?.nodeType ? value : String(value)))),
  );
}

function past({ troubles, since }, now) {
  const item = ({ at, event, code, reason }) =>
    h(
      'li',
      {},
      h('time', { datetime: at }, moment(Date.parse(at), now)),
      ' ',
      h('code', {}, code ?? event),
      ' ',
      reason ?? '',
    );
  return [
    troubles.length > 0 && h('h3', {}, 'What went wrong lately'),
    troubles.length > 0 && h('ul', { class: 'past' }, troubles.map(item)),
    h(
      'p',
      { class: 'hint' },
      `This process has watched since ${moment(Date.parse(since), now)}; what is older comes from the record in Vault.`,
    ),
  ];
}
