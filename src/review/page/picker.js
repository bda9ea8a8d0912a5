/* Choosing a folder of the machine that the program runs on. */

import { $, count, make } from './dom.js';
import { ask, trouble } from './server.js';

let here = null;
let chosen = () => {};
let may_make = false;

async function attempt(work) {
  try {
    $('picker-trouble').hidden = true;
    draw(await work());
  } catch (error) {
    trouble();
    $('picker-trouble').textContent = error.message;
    $('picker-trouble').hidden = false;
  }
}

const go = (id) => attempt(() => ask(id === null ? 'api/places' : `api/places/${id}`));

function draw(listing) {
  here = listing;
  const top = listing.id === null;
  $('picker-path').textContent = top ? 'This machine' : listing.path;
  $('picker-up').disabled = top;
  const inside = listing.pictures ? `${count(listing.pictures, 'picture')} here` : '';
  $('picker-count').textContent = listing.exists ? inside : 'a new folder: it is made when something goes into it';
  $('picker-folders').replaceChildren(...listing.folders.map(({ id, name }) => {
    const button = make('button', { type: 'button', text: name });
    button.addEventListener('click', () => go(id));
    return make('li', {}, button);
  }));
  if (!listing.folders.length) $('picker-folders').append(make('li', { class: 'faint', text: 'no folders in here' }));
  if (listing.more) $('picker-folders').append(make('li', { class: 'faint', text: 'and more: type the path' }));
  $('picker-choose').disabled = top;
  $('picker-new').hidden = top || !may_make;
  $('picker-folders').scrollTop = 0;
  /* The button that was pressed is gone. */
  if ($('picker').open) $('picker-folders').focus();
}

/* Asks for a folder; `act` is called with its number and its path. */
export async function pick({ title, make_new = false, from = null }, act) {
  chosen = act;
  may_make = make_new;
  $('picker-title').textContent = title;
  $('picker-new').reset();
  $('picker-typed').reset();
  await go(from);
  if (!$('picker').open) $('picker').showModal();
}

$('picker-up').addEventListener('click', () => go(here.above));
$('picker-new').addEventListener('submit', (event) => {
  event.preventDefault();
  const name = event.target.elements.name.value.trim();
  if (name) attempt(() => ask(`api/places/${here.id}`, { name }));
  event.target.reset();
});
$('picker-typed').addEventListener('submit', (event) => {
  event.preventDefault();
  const path = event.target.elements.path.value.trim();
  if (path) attempt(() => ask('api/places', { path }));
});
$('picker-choose').addEventListener('click', () => {
  $('picker').close();
  chosen({ id: here.id, path: here.path });
});
