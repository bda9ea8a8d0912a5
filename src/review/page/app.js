/* The whole program: its parts, one of which is shown, and what is under way. */

import { $, closing_buttons, make, sure } from './dom.js';
import { ask } from './server.js';
import * as duplicates from './duplicates.js';
import * as history from './history.js';
import * as job from './job.js';
import * as organise from './organise.js';
import * as settings from './settings.js';

const PARTS = { home: unfinished, duplicates: duplicates.show, organise: organise.show, settings: settings.show, history: history.show };

function route() {
  const name = location.hash.slice(1) in PARTS ? location.hash.slice(1) : 'home';
  for (const part of document.querySelectorAll('.part')) part.hidden = part.id !== name;
  for (const link of document.querySelectorAll('.shell nav a')) {
    if (link.hash === `#${name}`) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  document.title = name === 'home' ? 'Clean-Backup' : `${$(name).querySelector('h1').textContent} – Clean-Backup`;
  scrollTo(0, 0);
  PARTS[name]();
}

function notice(text, label, act) {
  const button = make('button', { type: 'button', class: 'main', text: label });
  button.addEventListener('click', act);
  return make('div', { class: 'notice' }, make('span', { text }), button);
}

/* What a kill or a pause left unfinished. */
async function unfinished() {
  const [left, runs, now] = await Promise.all([ask('api/left-off'), ask('api/history'), ask('api/job')]);
  const notices = [];
  if (!now.running) {
    for (const run of runs.filter((run) => !run.ended).slice(0, 3)) {
      notices.push(notice(`Run ${run.run} (${run.origin}) was interrupted: ${run.done} of ${run.actions} done.`, 'Finish it', () => job.begin({ resume: run.run })));
    }
    if (left) notices.push(notice(`The search in ${left.folders.join(', ')} is not finished. What was read is kept.`, 'Go on', () => { location.hash = 'duplicates'; job.begin({ again: {} }); }));
    if (now.found?.groups) notices.push(notice(`${now.found.groups} groups of duplicates are found.`, 'Review them', () => { location.href = 'review'; }));
  }
  $('unfinished').replaceChildren(...notices);
}

async function quit() {
  sure('End the program? What you decided is kept.', async () => {
    await ask('api/close', {});
    job.end();
    document.body.replaceChildren(make('main', {}, make('h1', { text: 'The program has ended.' }), make('p', { text: 'This tab can be closed. Start it again with: clean-backup app' })));
  });
}

async function log_out() {
  await ask('logout', {});
  location.href = 'login';
}

closing_buttons();
$('log-out').addEventListener('click', log_out);
$('quit').addEventListener('click', quit);
addEventListener('hashchange', route);
duplicates.start();
organise.start();
history.start();
job.on('resume', unfinished);
job.on('undo', unfinished);
const { password } = await ask('api/gate');
$('log-out').hidden = !password;
await job.start();
route();
