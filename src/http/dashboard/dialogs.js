import { token } from './access.js';
import { byId, h, show } from './dom.js';

/** Shows a question in a dialog; resolves with what `ask` resolves with, or `undefined` when it is closed. */
function question(id, children) {
  const dialog = byId(id);
  const { promise, resolve } = Promise.withResolvers();
  let answer;
  const answered = (given) => {
    answer = given;
    dialog.close();
  };
  show(dialog, children(answered));
  dialog.addEventListener('close', () => resolve(answer), { once: true });
  dialog.showModal();
  return promise;
}

/** Asks before something is done. `lines` say what will happen. Resolves with whether it is wanted. */
export async function confirmed(title, lines, deed) {
  const answer = await question('confirm', (answered) => [
    h('h2', { id: 'confirm-title' }, title),
    h(
      'ol',
      { class: 'steps' },
      lines.map((line) => h('li', {}, line)),
    ),
    h(
      'p',
      { class: 'buttons' },
      h('button', { type: 'button', autofocus: true, onclick: () => answered(false) }, 'Cancel'),
      h('button', { type: 'button', class: 'primary', onclick: () => answered(true) }, deed),
    ),
  ]);
  return answer === true;
}

/** Asks for the token and keeps it for this tab. Resolves with whether one was given. */
export async function askToken(why) {
  const input = h('input', {
    type: 'password',
    id: 'token-input',
    autocomplete: 'off',
    spellcheck: 'false',
    required: true,
    autofocus: true,
  });
  const given = await question('token', (answered) => [
    h('h2', { id: 'token-title' }, 'Token'),
    h('p', {}, why),
    h(
      'form',
      {
        onsubmit: (event) => {
          event.preventDefault();
          answered(input.value.trim());
        },
      },
      h('label', { for: 'token-input' }, 'The token of http.token in the policy'),
      input,
      h('p', { class: 'hint' }, 'It stays in this tab until that is closed, and goes nowhere but to this server.'),
      h(
        'p',
        { class: 'buttons' },
        h('button', { type: 'button', onclick: () => answered(undefined) }, 'Cancel'),
        token.get() !== '' && h('button', { type: 'button', onclick: () => answered('') }, 'Forget it'),
        h('button', { class: 'primary' }, 'Use it'),
      ),
    ),
  ]);
  if (given === undefined) return false;
  token.set(given);
  return true;
}
