/* Which folders hold the same pictures, and rules for which of them keeps its own. */

import { $, count, human, make, number, sure } from './dom.js';
import { ask } from './server.js';
import { foldersOf } from './words.js';

/* Pairs that the filter offers. */
const OFFERED = 60;
let known = null;
let wire = {};

async function load() {
  known ??= await ask('api/folders');
  return known;
}

const path = (folder) => known.folders[folder] || 'this folder';

/* What part of the inner folder the outer one has, in words. */
function sentence(pair) {
  const all = pair.in_outer >= pair.inner_pictures;
  const both = all && pair.in_inner >= pair.outer_pictures;
  const inner = make('b', { text: path(pair.inner) });
  const outer = make('b', { text: path(pair.outer) });
  if (both) return [inner, ' and ', outer, ` hold the same ${count(pair.in_outer, 'picture')}`];
  if (all) return ['All of ', inner, ` (${count(pair.in_outer, 'picture')}) is in `, outer];
  const share = Math.floor((pair.in_outer * 100) / Math.max(1, pair.inner_pictures));
  return [`${number.format(pair.in_outer)} of ${count(pair.inner_pictures, 'picture')} (${share} %) of `, inner, ' are in ', outer];
}

function row(pair) {
  const show = make('button', { type: 'button', text: 'Show these groups' });
  show.addEventListener('click', () => {
    $('folders').close();
    wire.filter(`${pair.inner},${pair.outer}`);
  });
  const keep = (folder) => {
    const button = make('button', { type: 'button', text: `Keep those in ${short(folder)}` });
    button.addEventListener('click', () => propose(folder, 'prefer', { folders: `${pair.inner},${pair.outer}` }));
    return button;
  };
  return make('li', {}, make('p', {}, ...sentence(pair), ` · ${human(pair.bytes)}`),
    make('p', { class: 'buttons' }, show, keep(pair.outer), keep(pair.inner)));
}

const short = (folder) => foldersOf(path(folder)).slice(-2).join('/');

/* Tells how many groups a rule would change, and makes it so if that is wanted. */
async function propose(folder, wish, filter) {
  const { groups } = await ask('api/rule', { folder, wish, filter, dry: true });
  const verb = wish === 'prefer' ? 'Always keep what lies in' : 'Never keep what lies in';
  $('rule-none').hidden = groups > 0;
  $('rule-none').textContent = 'This rule changes no open group.';
  if (groups === 0) return;
  const scope = filter.folders ? ', where both folders have it' : '';
  sure(`${verb} ${path(folder)}${scope}? Another picture becomes the keeper in ${count(groups, 'open group')}. Damaged pictures and parts are never made keepers. Nothing is changed on the disk before you press Apply.`, async () => {
    await ask('api/rule', { folder, wish, filter });
    $('folders').close();
    wire.decided();
  });
}

async function open() {
  await load();
  $('rule-none').hidden = true;
  $('pairs').replaceChildren(...known.pairs.map(row));
  if (known.more) $('pairs').append(make('li', { text: `and ${number.format(known.more)} more pairs of folders` }));
  if (!known.pairs.length) $('pairs').append(make('li', { text: 'No two folders hold the same picture.' }));
  const form = $('rule').elements;
  form.folder.replaceChildren(...known.folders.map((_, at) => make('option', { value: at, text: path(at) })));
  $('folders').showModal();
}

/* The pairs that the groups can be filtered by. */
export async function offer() {
  await load();
  const select = $('filters').elements.folders;
  select.append(...known.pairs.slice(0, OFFERED).map((pair) => make('option', {
    value: `${pair.inner},${pair.outer}`, text: `${short(pair.inner)} + ${short(pair.outer)} (${number.format(pair.groups)})`,
  })));
  select.closest('label').hidden = known.pairs.length === 0;
}

export function start(handlers) {
  wire = handlers;
  $('folders-open').addEventListener('click', open);
  $('rule').addEventListener('submit', (event) => {
    event.preventDefault();
    const chosen = new FormData($('rule'));
    propose(Number(chosen.get('folder')), chosen.get('wish'), wire.current());
  });
}
