/* Filing by date: what goes where is shown first. */

import { $, count, fill, human, make, number, sure } from './dom.js';
import * as job from './job.js';
import { pick } from './picker.js';

const filing = { source: null, destination: null };
let planned = null;

function draw() {
  for (const name of ['source', 'destination']) $(`filing-${name}`).textContent = filing[name]?.path ?? 'Choose a folder…';
  $('filing-plan').disabled = !filing.source || !filing.destination;
}

function choose(name, title, make_new) {
  pick({ title, make_new, from: filing[name]?.id ?? null }, (folder) => { filing[name] = folder; forget(); draw(); });
}

function forget() {
  planned = null;
  $('preview').hidden = true;
}

export async function show() {
  draw();
}

function preview(status) {
  const { plan } = status;
  if (!plan) return;
  planned = status;
  const verb = plan.action === 'move' ? 'moved' : 'copied';
  $('preview-sentence').textContent = plan.files
    ? `${count(plan.files, 'file')} (${human(plan.bytes)}) will be ${verb} from ${status.about[0]} into ${status.about[1]}. Nothing is overwritten.`
    : 'There is nothing to do: the library has all of it already.';
  fill('preview-notes', plan.notes);
  fill('preview-folders', plan.folders.map(([folder, files]) => `${folder}: ${count(files, 'file')}`));
  fill('preview-files', plan.sources.map((path, at) => `${path} → ${plan.destinations[at]}`));
  if (plan.files > plan.sources.length) $('preview-files').append(make('li', { text: `and ${number.format(plan.files - plan.sources.length)} more` }));
  fill('preview-left', plan.left);
  if (plan.left_alone > plan.left.length) $('preview-left').append(make('li', { text: `and ${number.format(plan.left_alone - plan.left.length)} more` }));
  $('preview-left-box').hidden = plan.left_alone === 0;
  $('preview-left-title').textContent = `Left out: ${count(plan.left_alone, 'file')}`;
  $('preview-apply').textContent = `${verb === 'moved' ? 'Move' : 'Copy'} ${count(plan.files, 'file')}`;
  for (const id of ['preview-apply', 'preview-folders-box', 'preview-files-box']) $(id).hidden = plan.files === 0;
  $('filed').hidden = true;
  $('preview').hidden = false;
  $('preview').scrollIntoView({ block: 'nearest' });
}

function filed(status) {
  const { result } = status;
  if (!result || !planned) return;
  forget();
  $('filed-sentence').textContent = `${count(result.files, 'file')} done (${human(result.bytes)}). It is in the history as ${result.run}.`;
  fill('filed-problems', result.problems);
  $('filed-undo').hidden = result.files === 0;
  $('filed-undo').onclick = () => sure(`Undo run ${result.run}?`, () => { $('filed').hidden = true; job.act({ undo: result.run }); });
  $('filed').hidden = false;
}

export function start() {
  $('filing-source').addEventListener('click', () => choose('source', 'Folder with the files to organise', false));
  $('filing-destination').addEventListener('click', () => choose('destination', 'Library to file them into', true));
  $('filing').addEventListener('input', forget);
  $('filing').addEventListener('submit', (event) => {
    event.preventDefault();
    forget();
    const chosen = new FormData($('filing'));
    job.begin({ file: {
      source: filing.source.id, destination: filing.destination.id,
      moves: chosen.get('way') === 'move', template: chosen.get('template'), no_file_dates: chosen.has('no_file_dates'),
    } });
  });
  $('preview-apply').addEventListener('click', () => job.act({ apply: { number: planned.number, lost_for_good: 0 } }));
  $('preview-cancel').addEventListener('click', forget);
  job.on('file', preview);
  job.on('apply', filed);
}
