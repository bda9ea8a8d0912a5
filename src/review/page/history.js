/* What was done, in all runs, and undoing it. */

import { $, count, make, number, sure } from './dom.js';
import { ask } from './server.js';
import { taken } from './words.js';
import * as job from './job.js';

const ORIGINS = { dedupe: 'Duplicates', organize: 'Organised', undo: 'Undone', covered: 'Copied what was missing' };

function sentence(run) {
  const parts = [`${number.format(run.done)} of ${count(run.actions, 'action')} done`];
  if (run.refused) parts.push(`${number.format(run.refused)} refused, since something had changed`);
  if (run.failed) parts.push(`${number.format(run.failed)} failed`);
  if (run.undoes) parts.push(`undoes ${run.undoes}`);
  if (run.undone_by) parts.push(`undone by ${run.undone_by}`);
  if (!run.ended) parts.push('interrupted');
  return parts.join('; ');
}

function button(text, act, main) {
  const element = make('button', { type: 'button', text, class: main ? 'main' : undefined });
  element.addEventListener('click', act);
  return element;
}

async function files(run, list) {
  const all = await ask(`api/history/${run.run}`);
  list.replaceChildren(...all.map((file) => make('li', {
    text: `${file.verdict} ${file.action}: ${file.source}${file.destination ? ` → ${file.destination}` : ''}${file.remark ? `: ${file.remark}` : ''}`,
  })));
}

function card(run) {
  const list = make('ul', { tabindex: '0', 'aria-label': `Files of run ${run.run}` });
  const details = make('details', {}, make('summary', { text: 'Files' }), list);
  details.addEventListener('toggle', () => { if (details.open && !list.children.length) files(run, list); });
  const undo = run.done > 0 && !run.undone_by;
  return make('section', { class: 'run sheet', 'data-run': run.run, 'aria-label': `Run ${run.run}` },
    make('div', { class: 'line' },
      make('span', {}, make('b', { text: ORIGINS[run.origin] ?? run.origin }), ` ${taken(run.time).replace('(UTCZ)', '')} UTC`),
      make('span', { class: 'buttons' },
        !run.ended && button('Finish it', () => job.begin({ resume: run.run }), true),
        undo && button('Undo', () => sure(`Undo run ${run.run}? What changed since is left as it is.`, () => job.act({ undo: run.run }))))),
    make('p', { class: 'faint', text: `${run.run}: ${sentence(run)}` }),
    details);
}

export async function show() {
  const runs = await ask('api/history');
  $('history-none').hidden = runs.length > 0;
  $('runs').replaceChildren(...runs.map(card));
}

export function start() {
  for (const kind of ['undo', 'resume', 'apply']) job.on(kind, () => { if (!$('history').hidden) show(); });
}
