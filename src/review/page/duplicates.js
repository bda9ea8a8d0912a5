/* Which folders are searched, and what came of it. */

import { $, count, fill, human, make, number } from './dom.js';
import { ask } from './server.js';
import * as job from './job.js';
import { pick } from './picker.js';

const wanted = { folders: [], references: [] };

function draw() {
  for (const [id, list] of [['search-folders', wanted.folders], ['search-references', wanted.references]]) {
    $(id).replaceChildren(...list.map((folder) => {
      const remove = make('button', { type: 'button', text: 'Remove', 'aria-label': `Remove ${folder.path}` });
      remove.addEventListener('click', () => { list.splice(list.indexOf(folder), 1); draw(); });
      return make('li', {}, make('span', { text: folder.path }), remove);
    }));
  }
  $('search-start').disabled = wanted.folders.length === 0;
}

function add(list, title) {
  pick({ title, from: list.at(-1)?.id ?? null }, (folder) => {
    if (!list.some((other) => other.id === folder.id)) list.push(folder);
    draw();
  });
}

export async function show() {
  draw();
}

function found(status) {
  const { found, paused } = status;
  $('found').hidden = !found && !paused;
  if (paused) {
    $('found-sentence').textContent = `The search in ${status.about.join(', ')} is paused. What was read is kept.`;
    $('found-review').hidden = true;
    $('found-skipped').hidden = false;
    $('found-skipped').textContent = 'Go on';
    $('found-skipped').onclick = () => job.begin({ again: {} });
    return;
  }
  if (!found) return;
  $('found-review').hidden = found.groups === 0;
  const here = `In ${status.about.join(', ')}: ${count(found.pictures, 'picture')}, `;
  $('found-sentence').textContent = found.groups
    ? `${here}${count(found.duplicates, 'duplicate')} in ${count(found.groups, 'group')}, ${human(found.bytes)} to free.`
    : `${here}no duplicates.`;
  $('found-skipped').hidden = found.skipped === 0;
  $('found-skipped').textContent = `${count(found.skipped, 'file')} could not be read…`;
  $('found-skipped').onclick = unread;
  $('found-unread').hidden = true;
}

async function unread() {
  const { files, more } = await ask('api/skipped');
  fill('found-unread', files.map(({ path, reason }) => `${path}: ${reason}`));
  if (more) $('found-unread').append(make('li', { text: `and ${number.format(more)} more` }));
  $('found-unread').hidden = false;
}

export function start() {
  $('search-add').addEventListener('click', () => add(wanted.folders, 'Folder with pictures'));
  $('search-reference').addEventListener('click', () => add(wanted.references, 'Folder in which nothing is touched'));
  $('search').addEventListener('submit', (event) => {
    event.preventDefault();
    const sensitivity = new FormData($('search')).get('sensitivity');
    $('found').hidden = true;
    job.begin({ find: {
      folders: wanted.folders.map((folder) => folder.id),
      references: wanted.references.map((folder) => folder.id),
      ...(sensitivity && { sensitivity }),
    } });
  });
  job.on('find', found);
}
