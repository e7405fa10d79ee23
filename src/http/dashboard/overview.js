import { byId, fill, h, say } from './dom.js';
import { distance, fromNow, lookOf, moment, number, plural } from './words.js';

/** The upper part of the page: is anything wrong, since when, what happens next, what is to be done. */

const MOODS = { refused: 'bad', failed: 'bad', blocked: 'bad', overdue: 'warn', notice: 'warn' };
const GLYPHS = { refused: '✕', failed: '!', blocked: '■', overdue: '▲', notice: 'i' };
const SAYS = { failed: 'failing', notice: 'worth a look' };
const SHOWN = 4;
let isUnfolded = false;

/** `on.open(application)` and `on.all(group)` are what its buttons do. Returns the headline. */
export function showOverview(overview, counts, on) {
  const now = Date.now();
  say(byId('owner'), overview.owner);
  say(
    byId('about'),
    `rekeyd ${overview.version}, replica ${overview.replica}, up for ${distance(now - Date.parse(overview.started_at))}; times are UTC.`,
  );
  const banners = bannersOf(overview, now);
  const { words, mood } = headlineOf(overview, counts, banners);
  byId('attention').dataset.mood = mood;
  say(byId('headline'), words);
  say(byId('subline'), sublineOf(overview, now));
  fill(byId('banners'), banners, () => banners.map(bannerItem));
  tellSince(byId('banners'), now, 'for');
  showTroubles(overview.troubles, now, on);
  const servers = [vaultOf(overview.vault, now), ...overview.issuers.map((issuer) => issuerOf(issuer, now))];
  fill(byId('servers'), servers, () => servers.map(serverItem));
  return words;
}

function headlineOf({ applications: { total, states, retired }, missing }, counts, banners) {
  // what is shown tells those apart already
  const count = (state) => (counts ? (counts.get(state) ?? 0) : states[state] - (state === 'refused' ? retired : 0));
  const bad = ['refused', 'failing', 'blocked', 'overdue'].map((state) => [state, count(state)]);
  const wrong = bad.filter(([, count]) => count > 0);
  const sum = wrong.reduce((all, [, count]) => all + count, 0);
  if (sum > 0) {
    const parts = wrong.map(([state, count]) => `${number(count)} ${state}`).join(', ');
    const mood = wrong.some(([state]) => state !== 'overdue') ? 'bad' : 'warn';
    return { words: `${number(sum)} of ${plural(total, 'application')} in trouble: ${parts}`, mood };
  }
  if (banners.length > 0) return { words: banners[0].title, mood: banners[0].mood };
  if (total === 0) return { words: 'The policy has no applications', mood: 'warn' };
  if (missing.length > 0) return { words: 'Starting: not everything has been looked at yet', mood: 'busy' };
  return { words: wellWords(total, retired), mood: 'well' };
}

function wellWords(total, retired) {
  const [serving, where] = [total - retired, retired > 0 ? ' in service' : ''];
  if (serving === 0) return 'No application is in service';
  return serving === 1 ? `The application${where} is well` : `All ${plural(serving, 'application')}${where} are well`;
}

function sublineOf({ next, applications: { superseded, strays, held, retired } }, now) {
  const parts = [
    next &&
      `Next: ${next.application}, ${next.what} ${Date.parse(next.at) <= now ? 'now' : fromNow(Date.parse(next.at), now)}.`,
    superseded > 0 && `${plural(superseded, 'earlier credential')} still ${superseded === 1 ? 'lives' : 'live'}.`,
    strays > 0 && `${plural(strays, 'stray')}.`,
    held > 0 && `${number(held)} on hold.`,
    retired > 0 && `${number(retired)} retired.`,
  ];
  return parts.filter(Boolean).join(' ');
}

/** What concerns everything, not single applications. */
function bannersOf({ policy, vault, issuers, missing }, now) {
  const banners = [];
  if (policy.rejected) {
    banners.push({
      mood: 'bad',
      title: 'A newer policy file was refused',
      since: Date.parse(policy.rejected.at),
      text: policy.rejected.message,
      remedy: `The policy of ${moment(Date.parse(policy.loaded_at), now)} stays in force. Correct the file (rekeyd check), it is read again by itself.`,
    });
  }
  if (policy.waits_for_restart) {
    banners.push({
      mood: 'warn',
      title: 'A part of the policy waits for a restart',
      text: policy.waits_for_restart.join(', '),
      remedy: 'Restart rekeyd when it suits you; all else of the policy is in force.',
    });
  }
  if (vault.login === 'failed') banners.push(serverBanner('Vault refuses the login', vault.problem));
  if (vault.circuit.open) banners.push(circuitBanner('Vault', vault.circuit));
  for (const { issuer, circuit } of issuers) {
    if (circuit.open) banners.push(circuitBanner(`Issuer ${issuer}`, circuit));
  }
  if (banners.length === 0 && missing.length > 0)
    banners.push({ mood: 'busy', title: 'Not ready yet', text: missing.join('; ') });
  return banners;
}

const circuitBanner = (server, { since, last_failure: problem }) =>
  serverBanner(`${server} fails for everybody and is only probed`, problem, since && Date.parse(since));

const serverBanner = (title, problem, since) => ({
  mood: 'bad',
  title,
  since,
  code: problem?.code,
  text: problem?.reason,
  remedy: problem?.remedy,
});

function bannerItem({ mood, title, since, code, text, remedy }) {
  return h(
    'li',
    { class: 'card', 'data-mood': mood },
    h(
      'p',
      { class: 'card-title' },
      h('strong', {}, title),
      code && h('code', {}, code),
      since && h('span', { class: 'when', 'data-since': since, title: moment(since) }),
    ),
    text && h('p', { class: 'reason' }, text),
    remedy && h('p', { class: 'remedy' }, h('b', {}, 'What to do: '), remedy),
  );
}

function showTroubles(troubles, now, on) {
  const shown = isUnfolded ? troubles : troubles.slice(0, SHOWN);
  fill(byId('troubles'), shown, () => shown.map((group) => troubleItem(group, on)));
  tellSince(byId('troubles'), now, 'since');
  const button = byId('more-troubles');
  button.hidden = troubles.length <= SHOWN;
  say(button, isUnfolded ? 'Show fewer' : `Show ${troubles.length - SHOWN} more`);
  button.onclick = () => {
    isUnfolded = !isUnfolded;
    showTroubles(troubles, now, on);
  };
}

/** Times go on although nothing is drawn anew. By another clock than the server's a time may lie ahead. */
function tellSince(list, now, word) {
  for (const element of list.querySelectorAll('[data-since]')) {
    say(element, `${word} ${distance(Math.max(0, now - Number(element.dataset.since)))}`);
  }
}

function troubleItem({ kind, code, count, since, reason, remedy, applications }, on) {
  const names = applications.map((name) =>
    h('button', { type: 'button', class: 'name', onclick: () => on.open(name) }, name),
  );
  const more =
    count > applications.length &&
    h(
      'button',
      { type: 'button', class: 'more', onclick: () => on.all({ kind, code }) },
      `and ${number(count - applications.length)} more`,
    );
  const at = since && Date.parse(since);
  const { mood, glyph } = code === 'retired' ? lookOf(code) : { mood: MOODS[kind], glyph: GLYPHS[kind] };
  return h(
    'li',
    { class: 'card', 'data-mood': mood },
    h(
      'p',
      { class: 'card-title' },
      h('span', { class: 'glyph', 'aria-hidden': 'true' }, glyph),
      h('strong', {}, SAYS[kind] ?? kind),
      code !== kind && h('code', {}, code),
      count > 1 && h('span', {}, plural(count, 'application')),
      at && h('span', { class: 'when', 'data-since': at, title: moment(at) }),
      h('span', { class: 'names' }, names, more),
    ),
    h('p', { class: 'reason' }, reason),
    h('p', { class: 'remedy' }, h('b', {}, 'What to do: '), remedy),
  );
}

function vaultOf({ address, login, token_expires_at: expires, circuit }, now) {
  const state = circuit.open
    ? openWords(circuit, now)
    : { ok: 'logged in', none: 'no login yet', failed: 'login refused' }[login];
  const mood = circuit.open || login === 'failed' ? 'bad' : login === 'ok' ? 'well' : 'busy';
  const token =
    login === 'ok' &&
    (expires ? `token until ${moment(Date.parse(expires))}, renewed by itself` : 'token without an end');
  return { name: 'Vault', where: address, mood, state, facts: [token] };
}

function openWords({ since }, now) {
  const lasting = since ? ` for ${distance(Math.max(0, now - Date.parse(since)))}` : '';
  return `circuit open${lasting}: only probed`;
}

function issuerOf({ issuer, instance, credentials, limits, circuit, calls_last_minute: calls }, now) {
  const used = credentials?.total;
  const most = limits.credentials;
  const full = used !== undefined && most ? used / most : undefined;
  const mood = circuit.open || full >= 1 ? 'bad' : full >= 0.9 ? 'warn' : credentials ? 'well' : 'busy';
  const others = credentials && [
    `${number(credentials.ours)} ours`,
    credentials.unclaimed && `${number(credentials.unclaimed)} unclaimed`,
    credentials.foreign && `${number(credentials.foreign)} foreign`,
  ];
  return {
    name: issuer,
    where: instance,
    mood,
    state: circuit.open ? openWords(circuit, now) : 'answers',
    full,
    use: used === undefined ? 'not listed yet' : `${number(used)}${most ? ` of ${number(most)}` : ''} credentials`,
    facts: [
      others?.filter(Boolean).join(', '),
      `${plural(calls, 'call')} in the last minute; at most ${number(limits.per_second)} calls/s, ${number(limits.concurrency)} at once`,
    ],
  };
}

function serverItem({ name, where, mood, state, full, use, facts }) {
  const bar = full !== undefined && h('span', { class: 'quota', 'aria-hidden': 'true' }, h('i'));
  if (bar) bar.firstChild.style.inlineSize = `${Math.min(100, full * 100)}%`;
  return h(
    'li',
    { 'data-mood': mood },
    h(
      'p',
      { class: 'card-title' },
      h('span', { class: 'glyph', 'aria-hidden': 'true' }, lookGlyph(mood)),
      h('strong', {}, name),
      h('span', { class: 'where' }, where),
    ),
    h('p', {}, [state, use].filter(Boolean).join('; ')),
    bar,
    facts.filter(Boolean).map((fact) => h('p', { class: 'fact' }, fact)),
  );
}

const lookGlyph = (mood) => ({ bad: '!', warn: '▲', busy: '…', well: '●' })[mood] ?? lookOf('unknown').glyph;
