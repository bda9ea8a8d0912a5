/* Asking the program. */

import { $ } from './dom.js';

export function trouble(text) {
  $('trouble').textContent = text ?? '';
  $('trouble').hidden = !text;
}

/* An error that is told on the page already. */
export class Told extends Error {}
addEventListener('unhandledrejection', (event) => { if (event.reason instanceof Told) event.preventDefault(); });

/* The search that is shown: its groups are meant, and not those of a later one. */
export const shown = { search: 0 };

/* The answer as JSON; with a body, something is to be changed. */
export async function ask(path, body) {
  let answer;
  try {
    const search = shown.search ? { 'x-search': String(shown.search) } : {};
    answer = await fetch(path, body === undefined ? { headers: search } : {
      method: 'POST', headers: { 'content-type': 'application/json', ...search }, body: JSON.stringify(body),
    });
  } catch {
    trouble('The program does not answer: it has ended. What you decided is kept; start it again.');
    throw new Told('no answer');
  }
  const type = answer.headers.get('content-type') ?? '';
  const content = type.startsWith('application/json') ? await answer.json() : { error: await answer.text() };
  if (!answer.ok) {
    trouble(content.error);
    throw new Told(content.error);
  }
  trouble();
  return content;
}

export const query = (wish) => new URLSearchParams(Object.entries(wish)).toString();
