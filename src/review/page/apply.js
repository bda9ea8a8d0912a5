/* The plan that is shown, carrying it out, and undoing a run. */

import { $, count, fill, human, make, number } from './dom.js';
import { ask } from './server.js';

const PHASES = { verify: 'Checking bytes', act: 'Moving files' };
const VERBS = { quarantine: 'moved aside', trash: 'moved into the trash', hardlink: 'replaced by hard links', delete: 'deleted' };
const PARTS = ['apply-ask', 'apply-plan-shown', 'apply-going', 'apply-result'];
let planned = 0;
let lost = 0;
let done = () => {};

const show_part = (part) => { for (const id of PARTS) $(id).hidden = id !== part; };

export function open(overview) {
  if (overview.files === 0 || $('apply').open) return;
  $('apply-what').textContent = `${count(overview.accepted, 'accepted group')}: ${count(overview.files, 'file')}, ${human(overview.bytes)}.`;
  show_part('apply-ask');
  $('apply').showModal();
}

async function run_job(order, what) {
  show_part('apply-going');
  $('going-what').textContent = what;
  $('going').removeAttribute('value');
  let job = await ask('api/job', order);
  const { number: mine } = job;
  while (job.running && job.number === mine) {
    await new Promise((resolve) => setTimeout(resolve, 150));
    job = await ask('api/job');
    $('going-what').textContent = `${PHASES[job.phase] ?? what}${job.total ? `: ${number.format(job.done)} of ${number.format(job.total)}` : ''}`;
    if (job.total) { $('going').max = job.total; $('going').value = job.done; }
  }
  return job;
}

async function make_plan() {
  const job = await run_job({ plan: $('action').value }, 'Looking at the files');
  if (job.error) return result(job);
  const { plan } = job;
  planned = job.number;
  lost = plan.lost_for_good;
  const sidecars = plan.sidecars ? `, and ${count(plan.sidecars, 'sidecar')} written beside what is kept` : '';
  $('plan-sentence').textContent = `${count(plan.files, 'file')} (${human(plan.bytes)}) will be ${VERBS[plan.action]}${sidecars}.`;
  fill('plan-files', plan.sources.map((path, at) => (plan.destinations[at] ? `${path} → ${plan.destinations[at]}` : path)));
  if (plan.files > plan.sources.length) $('plan-files').append(make('li', { text: `and ${number.format(plan.files - plan.sources.length)} more` }));
  fill('plan-left', plan.left);
  $('plan-left-box').hidden = plan.left.length === 0;
  $('lost-box').hidden = plan.lost_for_good === 0;
  $('lost').checked = false;
  $('lost-sentence').textContent = `This cannot be undone: ${count(plan.lost_for_good, 'file')} of them only look like what is kept. Delete them for good.`;
  $('apply-do').disabled = plan.files === 0 || plan.lost_for_good > 0;
  show_part('apply-plan-shown');
}

async function carry_out() {
  const lost_for_good = $('lost').checked ? lost : 0;
  result(await run_job({ apply: { number: planned, lost_for_good } }, 'Moving files'));
}

export async function undo(run) {
  if (!$('apply').open) $('apply').showModal();
  result(await run_job({ undo: run }, 'Taking it back'));
}

async function result(job) {
  const { error, result: became } = job;
  const verb = job.kind === 'undo' ? 'restored' : 'done';
  $('result-sentence').textContent = error ?? `${count(became.files, 'file')} ${verb} (${human(became.bytes)}).${became.run && job.kind === 'apply' ? ` In a terminal it is taken back with: clean-backup undo ${became.run}` : ''}`;
  fill('result-problems', became?.problems ?? []);
  $('result-undo').hidden = !(job.kind === 'apply' && became?.files);
  $('result-undo').onclick = () => undo(became.run);
  show_part('apply-result');
  await done();
}

export function start(on_done) {
  done = on_done;
  $('apply-plan').addEventListener('click', make_plan);
  $('apply-do').addEventListener('click', carry_out);
  $('apply-back').addEventListener('click', () => show_part('apply-ask'));
  $('lost').addEventListener('input', () => { $('apply-do').disabled = !$('lost').checked; });
  $('apply').addEventListener('cancel', (event) => { if (!$('apply-going').hidden) event.preventDefault(); });
}
