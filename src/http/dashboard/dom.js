/** Small helpers to build the page. No text is ever taken for HTML. */

const SVG = 'http://www.w3.org/2000/svg';

/**
 * An element. Members of `attributes` that are functions become listeners (`onclick`), `undefined` and `false` are left
 * out; children may be nested, and what is missing among them is skipped.
 */
export function h(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

/** The same for SVG. */
export function s(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== false) element.setAttribute(name, value === true ? '' : String(value));
  }
  element.append(...present(children));
  return element;
}

/** Children as they may be written: nested, and some of them missing. */
function present(children) {
  return children.flat(3).filter((child) => child !== undefined && child !== null && child !== false && child !== '');
}

/** Puts these in place of all children. */
export function show(element, ...children) {
  element.replaceChildren(...present(children));
}

export const byId = (id) => document.getElementById(id);

/** Changes a text only where it is another: a selection in it lives on. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

const filledWith = new WeakMap();

/** Makes an element's children anew, only where what they show has changed: focus and selection live on. */
export function fill(element, shown, make) {
  const key = JSON.stringify(shown);
  if (filledWith.get(element) === key) return;
  filledWith.set(element, key);
  show(element, make());
}
