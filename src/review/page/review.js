/* The review: what was found, what is decided, and going from the list to a group and back. */

import { $, closing_buttons, count, fill, human, make, number, sure } from './dom.js';
import { ask, query, shown as reviewed } from './server.js';
import * as apply from './apply.js';
import * as folders from './folders.js';
import * as group from './group.js';
import * as keys from './keys.js';
import * as list from './list.js';
import { stop_blinking, set_view, view } from './viewer.js';

const shown = { ids: [], mode: 'list' };
let overview = null;

function filter() {
  const chosen = new FormData($('filters'));
  const wish = { bytes: Number(chosen.get('bytes')), path: chosen.get('path') };
  for (const key of ['state', 'kind', 'format', 'folders', 'order']) if (chosen.get(key)) wish[key] = chosen.get(key);
  return wish;
}

async function count_up() {
  overview = await ask('api/overview');
  reviewed.search ||= overview.search;
  $('roots').textContent = overview.roots.join(', ');
  const counts = [
    `${number.format(overview.open)} open`,
    `${number.format(overview.accepted)} accepted`,
    overview.applied ? `${number.format(overview.applied)} applied` : '',
  ].filter(Boolean).join(', ');
  $('counts').replaceChildren(
    `${count(overview.groups, 'group')}: ${counts} · `,
    make('b', { text: human(overview.bytes) }), ` of ${human(overview.bytes_of_all)} to free`,
  );
  $('apply-open').disabled = overview.files === 0;
  $('undo-step').disabled = !overview.undo;
  $('undo-step').title = overview.undo ? `Undo: ${overview.undo} (U)` : 'Nothing was decided yet (U)';
  $('undo-open').hidden = overview.runs.length === 0;
  $('skipped-open').hidden = overview.skipped === 0;
  $('skipped-open').textContent = `${number.format(overview.skipped)} not read…`;
  $('none').textContent = overview.groups ? 'No group fits the filter.' : 'No duplicates were found.';
}

async function list_anew() {
  const { ids } = await ask(`api/ids?${query(filter())}`);
  shown.ids = ids;
  $('fitting').textContent = count(ids.length, 'group');
  if (shown.mode === 'list') {
    list.show(ids);
    scrollTo(0, 0);
  }
}

/* Many groups may be decided otherwise. */
async function decided() {
  await count_up();
  list.refresh();
  if (shown.mode === 'one') await group.show();
}

async function set_mode(mode, id, member) {
  const from = group.look.group?.id;
  shown.mode = mode;
  const one = mode === 'one';
  $('list').hidden = $('filters').hidden = one;
  $('one').hidden = !one;
  document.body.dataset.mode = mode;
  $('mode').textContent = one ? 'List' : 'One at a time';
  if (one) {
    scrollTo(0, 0);
    if (view.name === 'blink') set_view('blink');
    await group.open(shown.ids, id ?? shown.ids[0], member);
    $('one').focus({ preventScroll: true });
  } else {
    stop_blinking();
    list.show(shown.ids);
    if (from !== undefined) list.bring(from);
  }
}

const other_mode = () => set_mode(shown.mode === 'one' ? 'list' : 'one', group.look.group?.id ?? shown.ids[0]);

async function undo_step() {
  if (!overview?.undo) return;
  const { group: id } = await ask('api/undo', {});
  await decided();
  if (shown.mode === 'list') list.bring(id);
  else if (shown.ids.includes(id) && id !== group.look.group?.id) await group.open(shown.ids, id);
}

function decide_alike({ id, alike }) {
  sure(`Decide and accept ${count(alike, 'other group')} as this one? Their pictures lie in the same folders, and are related in the same way. What is kept lies in the folder that it lies in here.`, async () => {
    await ask(`api/alike/${id}`, {});
    await decided();
    group.step_group(1);
  });
}

async function accept_all() {
  const wish = { ...filter(), state: 'open' };
  const { ids } = await ask(`api/ids?${query(wish)}`);
  sure(`Accept ${count(ids.length, 'open group')} as they stand? Nothing is changed on the disk before you press Apply.`, async () => {
    await ask('api/accept', wish);
    await decided();
  });
}

async function open_skipped() {
  const { files, more } = await ask('api/skipped');
  fill('skipped-files', files.map(({ path, reason }) => `${path}: ${reason}`));
  if (more) $('skipped-files').append(make('li', { text: `and ${number.format(more)} more` }));
  $('skipped').showModal();
}

function finish() {
  sure('End the review? What you decided is kept.', async () => {
    await ask('api/close', {});
    document.body.replaceChildren(make('main', {}, make('p', { class: 'none', text: 'The review is over; this tab can be closed. The same command shows it again.' })));
  });
}

const undo_run = () => sure(`Take back run ${overview.runs[0]}?`, () => apply.undo(overview.runs[0]));

list.start({ open: (id, member) => set_mode('one', id, member), changed: count_up });
group.start({
  leave: () => set_mode('list'),
  decided: (changed) => { list.update(changed); count_up(); },
  alike: decide_alike,
});
apply.start(decided);
folders.start({
  decided,
  current: filter,
  filter: (pair) => {
    const { folders: select } = $('filters').elements;
    if (![...select.options].some((option) => option.value === pair)) select.append(make('option', { value: pair, text: 'these two' }));
    select.value = pair;
    list_anew();
    if (shown.mode === 'one') set_mode('list');
  },
});
keys.start({
  in_group: () => shown.mode === 'one',
  everywhere: { l: other_mode, a: () => apply.open(overview), u: undo_step, '?': () => $('help').showModal() },
});
closing_buttons();
$('mode').addEventListener('click', other_mode);
$('undo-step').addEventListener('click', undo_step);
$('skipped-open').addEventListener('click', open_skipped);
$('apply-open').addEventListener('click', () => apply.open(overview));
$('undo-open').addEventListener('click', undo_run);
$('accept-all').addEventListener('click', accept_all);
$('finish').addEventListener('click', finish);
$('menu').addEventListener('click', () => {
  const open = document.body.toggleAttribute('data-menu');
  $('menu').setAttribute('aria-expanded', open);
});
let typing = 0;
$('filters').addEventListener('input', (event) => {
  clearTimeout(typing);
  typing = setTimeout(list_anew, event.target.name === 'path' ? 150 : 0);
});
$('filters').addEventListener('submit', (event) => event.preventDefault());

/* As a part of the whole program. */
if (location.pathname === '/review') {
  $('home').hidden = false;
  $('finish').hidden = true;
}
await count_up();
$('filters').elements.format.append(...overview.formats.map((name) => make('option', { value: name, text: name })));
$('filters').elements.format.closest('label').hidden = overview.formats.length < 2;
await list_anew();
await folders.offer();
