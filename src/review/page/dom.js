/* Elements, and figures as people write them. */

export const $ = (id) => document.getElementById(id);

export function make(name, { text, ...attributes } = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== null && value !== false) element.setAttribute(key, value);
  }
  if (text !== undefined) element.textContent = text;
  element.append(...children.filter(Boolean));
  return element;
}

export const number = new Intl.NumberFormat('en');
export const count = (n, noun) => `${number.format(n)} ${noun}${n === 1 ? '' : 's'}`;

export function human(bytes) {
  let unit = 0;
  while (bytes >= 1000 && unit < 5) { bytes /= 1000; unit += 1; }
  return `${unit ? (Math.floor(bytes * 10) / 10).toFixed(1) : bytes} ${['bytes', 'kB', 'MB', 'GB', 'TB', 'PB'][unit]}`;
}

export const fill = (id, texts) => $(id).replaceChildren(...texts.map((text) => make('li', { text })));

/* Asks in a dialog of the page; `yes` is called when that is pressed. */
export function sure(text, yes) {
  $('sure-what').textContent = text;
  $('sure-yes').onclick = () => { $('sure').close(); yes(); };
  $('sure').showModal();
}

/* Every button that closes the dialog that it is in. */
export function closing_buttons() {
  for (const button of document.querySelectorAll('[data-close]')) {
    button.addEventListener('click', () => button.closest('dialog').close());
  }
}

/* A click by mouse or finger gives the keys back to what is looked at; one by the keyboard leaves
   the focus where it is. */
export function keep_keys(area) {
  area.addEventListener('click', (event) => {
    if (event.detail > 0 && event.target.closest('button')) area.focus({ preventScroll: true });
  });
}
