/* The one job at a time: it goes on whether somebody looks or not. */

import { $, human, number } from './dom.js';
import { ask, trouble } from './server.js';

/* Milliseconds between two looks at a job that is running, and while nothing is. */
const OFTEN = 250;
const RARELY = 2000;

const PHASES = {
  walk: 'Looking through the folders', lookup: 'Asking the cache', hash: 'Reading pictures', compare: 'Comparing',
  verify: 'Checking bytes', dates: 'Reading dates', act: 'Working on the files', preview: 'Making previews',
};
const KINDS = {
  find: 'Looking for duplicates', file: 'Planning', plan: 'Planning', apply: 'Working on the files', undo: 'Taking it back', resume: 'Finishing the run',
};

const handlers = new Map();
let seen = { number: 0, running: false };
let pace = { phase: '', at: 0, done: 0 };
let timer = 0;
let ended = false;

export const on = (kind, act) => handlers.set(kind, [...(handlers.get(kind) ?? []), act]);

/* How far it is, how fast, and how long it takes yet. */
function sentence(job) {
  const now = performance.now();
  if (job.phase !== pace.phase || job.done < pace.done) pace = { phase: job.phase, at: now, done: job.done, bytes: job.bytes };
  const seconds = (now - pace.at) / 1000;
  const parts = [PHASES[job.phase] ?? KINDS[job.kind]];
  if (job.total) parts.push(`${number.format(job.done)} of ${number.format(job.total)}`);
  else if (job.done) parts.push(number.format(job.done));
  if (seconds > 1 && job.done > pace.done) {
    const rate = (job.done - pace.done) / seconds;
    if (job.bytes > pace.bytes) parts.push(`${human((job.bytes - pace.bytes) / seconds)} a second`);
    if (job.total) parts.push(left((job.total - job.done) / rate));
  }
  return parts.filter(Boolean).join(' · ');
}

function left(seconds) {
  if (seconds < 5) return 'a few seconds left';
  if (seconds < 90) return `${Math.ceil(seconds / 5) * 5} seconds left`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} minutes left`;
  return `${Math.round(seconds / 3600)} hours left`;
}

function draw(job) {
  $('job').hidden = !job.running;
  if (!job.running) return;
  $('job-what').textContent = sentence(job);
  $('job-pause').hidden = !['find', 'file'].includes(job.kind);
  $('job-pause').textContent = job.kind === 'find' ? 'Pause' : 'Stop';
  if (job.total) { $('job-bar').max = job.total; $('job-bar').value = Math.min(job.done, job.total); } else $('job-bar').removeAttribute('value');
}

async function look() {
  clearTimeout(timer);
  if (ended) return;
  const job = await ask('api/job');
  draw(job);
  if (!job.running && (seen.running || job.number !== seen.number)) told(job);
  seen = { number: job.number, running: job.running };
  timer = setTimeout(look, job.running ? OFTEN : RARELY);
}

function told(job) {
  if (job.error) trouble(job.error);
  for (const act of handlers.get(job.kind) ?? []) act(job);
}

async function order(path, what) {
  const job = await ask(path, what);
  seen = { number: job.number, running: true };
  draw(job);
  clearTimeout(timer);
  timer = setTimeout(look, 60);
}

/* Begins a search, a filing, or the rest of a run. */
export const begin = (what) => order('api/begin', what);
/* Carries out the plan that was shown, or undoes a run. */
export const act = (what) => order('api/job', what);

export function end() {
  ended = true;
  clearTimeout(timer);
}

export async function start() {
  $('job-pause').addEventListener('click', () => ask('api/pause', {}));
  const job = await ask('api/job');
  draw(job);
  seen = { number: job.number, running: job.running };
  /* The tab was closed meanwhile: what came of it is shown all the same. */
  if (!job.running && job.number) told(job);
  timer = setTimeout(look, job.running ? OFTEN : RARELY);
}
