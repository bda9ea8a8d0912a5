const $ = (id) => document.getElementById(id);
const PAGE = 40;
/* Pictures of a group that the list shows; all of them are seen when it is opened. */
const MOST_IN_LIST = 24;
/* Of a group that is looked at so many stand in the strip, around the one that is compared. */
const STRIP = 120;

/* What is shown: the numbers of the groups that fit the filter, taken when it was set, so that
   nothing jumps away while it is decided about. */
const shown = { ids: [], at: 0, page: 0, mode: 'list' };
const look = { group: null, member: 0, view: 'side', zoom: 1, x: 0, y: 0, sharp: false, front: 'a', tags: null };
let overview = null;

const make = (name, { text, ...attributes } = {}, ...children) => {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== null) element.setAttribute(key, value);
  }
  if (text !== undefined) element.textContent = text;
  element.append(...children.filter(Boolean));
  return element;
};
const number = new Intl.NumberFormat('en');
const count = (n, noun) => `${number.format(n)} ${noun}${n === 1 ? '' : 's'}`;
const human = (bytes) => {
  let unit = 0;
  while (bytes >= 1000 && unit < 5) { bytes /= 1000; unit += 1; }
  return `${unit ? (Math.floor(bytes * 10) / 10).toFixed(1) : bytes} ${['bytes', 'kB', 'MB', 'GB', 'TB', 'PB'][unit]}`;
};

/* ---- the server ---- */

function trouble(text) {
  $('trouble').textContent = text ?? '';
  $('trouble').hidden = !text;
}

/* An error that is told on the page already. */
class Told extends Error {}
addEventListener('unhandledrejection', (event) => { if (event.reason instanceof Told) event.preventDefault(); });

async function ask(path, body) {
  let answer;
  try {
    answer = await fetch(path, body === undefined ? {} : {
      method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body),
    });
  } catch {
    trouble('The program does not answer: it has ended. What you decided is kept; start clean-backup review again.');
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

function filter() {
  const chosen = new FormData($('filters'));
  const wish = { bytes: Number(chosen.get('bytes')), path: chosen.get('path') };
  for (const key of ['state', 'kind', 'order']) if (chosen.get(key)) wish[key] = chosen.get(key);
  return wish;
}

const query = (wish) => new URLSearchParams(Object.entries(wish)).toString();

/* ---- all of it ---- */

async function count_up() {
  overview = await ask('api/overview');
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
  $('undo-open').hidden = overview.runs.length === 0;
  $('skipped-open').hidden = overview.skipped === 0;
  $('skipped-open').textContent = `${number.format(overview.skipped)} not read…`;
}

async function list_anew() {
  const listed = await ask(`api/ids?${query(filter())}`);
  const current = look.group?.id;
  shown.ids = listed.ids;
  shown.at = Math.max(0, shown.ids.indexOf(current));
  shown.page = Math.floor(shown.at / PAGE);
  await show();
}

async function show() {
  const one = shown.mode === 'one';
  $('list').hidden = $('filters').hidden = one;
  $('one').hidden = !one;
  $('mode').textContent = one ? 'List' : 'One at a time';
  await (one ? show_one() : show_list());
}

/* ---- the list ---- */

function thumbnail(group, member) {
  const box = make('span', { class: 'thumb' });
  const image = make('img', {
    src: `picture/${group.id}/${member.id}/320`, alt: '', loading: 'lazy', decoding: 'async',
  });
  image.addEventListener('error', () => box.replaceChildren(without(member)));
  box.append(image);
  return box;
}

const without = (member) => make('span', {
  class: 'without', text: member.role === 'gone' ? 'moved away' : 'no picture can be shown',
});

const ROLES = {
  keep: 'kept', remove: 'goes', spared: 'kept too', apart: 'not a duplicate',
  burst: 'burst, stays', alike: 'only alike, stays', unsure: 'may be the original, stays', more: 'shows more, stays',
  alarm: 'may be damaged, stays',
  reference: 'reference, stays', linked: 'not near, stays', gone: 'gone',
};

function standing(member) {
  if (member.distance === undefined) return '';
  if (member.relation === 'identical') return 'same bytes';
  const turned = member.orientation && member.orientation !== 'none' ? `, ${member.orientation}` : '';
  const near = member.likeness === undefined
    ? `${member.distance}/64, ${member.fine_distance}/256`
    : `${member.likeness} % alike${member.difference ? `, ${member.difference}` : ''}`;
  const doubt = member.unsure ? `unsure which is the original: ${member.unsure}; ` : '';
  return `${member.alarm ? `${member.alarm}; ` : ''}${doubt}${member.relation ?? 'linked'}, ${near}${turned}`;
}

function member_card(group, member) {
  return make('button', {
    class: 'member', 'data-role': member.role, 'data-member': member.id, type: 'button',
    title: `${member.folder}/${member.name}`,
  },
  thumbnail(group, member),
  make('span', { class: 'role', text: ROLES[member.role] }),
  make('span', { class: 'name', text: member.name }),
  make('small', { text: member.folder }),
  make('small', { text: `${member.width} × ${member.height} ${member.format}, ${human(member.bytes)}` }),
  make('small', { text: standing(member) || '\u00a0' }),
  ...carry(member).map((text) => make('small', { class: 'carry', text })));
}

// What only a duplicate knows, and what contradicts the keeper.
function carry(member) {
  const only = member.only ? [`only it knows: ${member.only}`] : [];
  return [...only, ...(member.conflicts ?? []).map((conflict) => `contradicts: ${conflict}`)];
}

function badge(element, group) {
  element.dataset.state = group.state;
  element.textContent = group.state;
}

function card(group) {
  const state = make('span', { class: 'badge' });
  badge(state, group);
  const accept = make('button', { type: 'button', class: 'accept', text: group.state === 'accepted' ? 'Take back' : 'Accept' });
  accept.disabled = group.state === 'applied';
  const element = make('section', { class: 'card', 'data-group': group.id, 'data-state': group.state },
    make('div', { class: 'line' },
      make('b', { text: `Group ${group.id + 1}` }), state,
      make('span', { text: `${human(group.bytes)} to free · kept for: ${group.reason}` }),
      accept),
    make('div', { class: 'row' }, ...group.members.slice(0, MOST_IN_LIST).map((member) => member_card(group, member))),
    group.members.length > MOST_IN_LIST && make('p', { class: 'faint', text: `and ${number.format(group.members.length - MOST_IN_LIST)} more: open the group to see them` }));
  accept.addEventListener('click', async (event) => {
    event.stopPropagation();
    const changed = await ask(`api/group/${group.id}`, { accepted: group.state !== 'accepted' });
    element.replaceWith(card(changed));
    count_up();
  });
  element.addEventListener('click', (event) => {
    const member = event.target.closest('.member');
    open(group.id, member ? Number(member.dataset.member) : undefined);
  });
  return element;
}

async function show_list() {
  const pages = Math.max(1, Math.ceil(shown.ids.length / PAGE));
  shown.page = Math.min(Math.max(shown.page, 0), pages - 1);
  const ids = shown.ids.slice(shown.page * PAGE, (shown.page + 1) * PAGE);
  $('where').textContent = shown.ids.length
    ? `${number.format(shown.page * PAGE + 1)}–${number.format(shown.page * PAGE + ids.length)} of ${count(shown.ids.length, 'group')}`
    : 'no group fits';
  $('back').disabled = shown.page === 0;
  $('on').disabled = shown.page === pages - 1;
  const { groups } = ids.length ? await ask(`api/groups?ids=${ids.join(',')}`) : { groups: [] };
  $('cards').replaceChildren(...groups.map(card));
  if (!groups.length) {
    $('cards').append(make('p', { class: 'none', text: overview?.groups ? 'No group fits the filter.' : 'No duplicates were found.' }));
  }
}

function turn_page(by) {
  shown.page += by;
  scrollTo(0, 0);
  show_list();
}

/* ---- one group ---- */

function open(id, member) {
  shown.at = Math.max(0, shown.ids.indexOf(id));
  shown.mode = 'one';
  look.group = null;
  look.wanted = member;
  scrollTo(0, 0);
  show();
}

async function show_one() {
  const id = shown.ids[shown.at];
  $('one').classList.toggle('empty', id === undefined);
  if (id === undefined) { shown.mode = 'list'; show(); return; }
  const group = await ask(`api/group/${id}`);
  if (id !== shown.ids[shown.at]) return;
  const fresh = look.group?.id !== group.id;
  look.group = group;
  if (fresh) {
    const other = group.members.find((member) => member.id !== group.keeper);
    look.member = look.wanted ?? other?.id ?? 0;
    look.wanted = undefined;
    look.tags = null;
    fit();
  }
  draw_one();
  const next = shown.ids[shown.at + 1];
  if (next !== undefined && fresh) prefetch(next);
}

async function prefetch(id) {
  try {
    const group = await (await fetch(`api/group/${id}`)).json();
    const first = group.members.find((member) => member.id !== group.keeper);
    for (const id of [group.keeper, first?.id]) if (id !== undefined) new Image().src = source(group, id, 1600);
  } catch { /* it is fetched again when it is looked at */ }
}

const by_id = (id) => look.group.members.find((member) => member.id === id);
/* The keeper is compared with the first other one. */
function pair() {
  const keeper = by_id(look.group.keeper);
  const chosen = by_id(look.member) ?? keeper;
  return [keeper, chosen];
}

function draw_one() {
  const { group } = look;
  const [keeper, chosen] = pair();
  $('place').textContent = `${number.format(shown.at + 1)} of ${number.format(shown.ids.length)}`;
  $('previous').disabled = shown.at === 0;
  $('next').disabled = shown.at >= shown.ids.length - 1;
  badge($('state'), group);
  draw_strip(group);
  pane('a', keeper, 'kept');
  pane('b', chosen, ROLES[chosen.role]);
  const applied = group.state === 'applied';
  const other = chosen.id !== keeper.id && chosen.candidate && !applied;
  $('keep').disabled = !other || chosen.role === 'apart';
  $('spare').disabled = !other || !['remove', 'spared'].includes(chosen.role);
  $('spare').setAttribute('aria-pressed', chosen.role === 'spared');
  $('apart').disabled = !other || chosen.relation === 'identical';
  $('apart').setAttribute('aria-pressed', chosen.role === 'apart');
  $('apart-all').disabled = applied;
  $('accept').disabled = applied;
  $('accept').textContent = group.state === 'accepted' ? 'Go on' : 'Accept';
  for (const button of $('views').querySelectorAll('[data-view]')) {
    button.setAttribute('aria-pressed', button.dataset.view === look.view);
  }
  $('viewer').dataset.view = look.view;
  draw_facts(keeper, chosen);
  move();
}

/* As it lies, or as the keeper does, so that they can be laid over each other. The keeper is named
   for the browser's cache: another one lies otherwise. */
const source = (group, member, side) =>
  `picture/${group.id}/${member}/${side}${look.view === 'side' ? '' : `?like_keeper=1&keeper=${group.keeper}`}`;

function draw_strip(group) {
  const all = group.members;
  const at = all.findIndex((member) => member.id === look.member);
  const start = Math.max(0, Math.min(at - STRIP / 2, all.length - STRIP));
  const end = Math.min(all.length, start + STRIP);
  const beyond = (count, text) => count > 0 && make('span', { class: 'beyond', text: text.replace('#', number.format(count)) });
  $('strip').replaceChildren(...[beyond(start, '# more ‹'), ...all.slice(start, end).map((member) => {
    const element = member_card(group, member);
    element.setAttribute('role', 'option');
    element.setAttribute('aria-selected', member.id === look.member);
    element.addEventListener('click', () => select(member.id));
    return element;
  }), beyond(all.length - end, '› # more')].filter(Boolean));
}

function pane(letter, member, role) {
  const frame = $(`pane-${letter}`).querySelector('.frame');
  const image = frame.querySelector('img');
  const wanted = source(look.group, member.id, look.sharp ? 5000 : 1600);
  if (image.getAttribute('src') !== wanted) {
    frame.querySelector('.without')?.remove();
    image.hidden = false;
    image.onerror = () => {
      image.hidden = true;
      frame.querySelector('.without')?.remove();
      frame.append(without(member));
    };
    image.src = wanted;
  }
  $(`pane-${letter}`).querySelector('figcaption').replaceChildren(make('b', { text: role }), ` ${member.folder}/${member.name}`);
}

function draw_facts(a, b) {
  const date = (member) => new Date(member.modified_ms).toISOString().replace('T', ' ').slice(0, 19);
  const rows = [
    ['Name', (m) => m.name], ['Folder', (m) => m.folder],
    ['Size', (m) => `${human(m.bytes)} (${number.format(m.bytes)})`],
    ['Dimensions', (m) => `${m.width} × ${m.height}`], ['Format', (m) => m.format],
    ['Taken', (m) => m.captured ?? '–'], ['Camera', (m) => m.camera ?? '–'],
    ['Modified (UTC)', date], ['Match', (m) => standing(m) || 'keeper'],
    ['Other names', (m) => m.other_names.join(', ')],
  ].map(([name, of]) => [name, of(a), of(b)]).filter(([, first, second]) => first || second);
  if (look.tags) {
    const values = look.tags.map((tags) => new Map(tags));
    for (const name of new Set(look.tags.flat().map(([name]) => name))) {
      rows.push([name, values[0].get(name) ?? '–', values[1].get(name) ?? '–']);
    }
  }
  $('facts').tBodies[0].replaceChildren(...rows.map(([name, first, second]) => make('tr',
    { 'data-differs': first !== second && name !== 'Match' ? '' : undefined },
    make('th', { text: name }), make('td', { text: first }), make('td', { text: second }))));
  $('tags').textContent = look.tags ? 'Fewer facts' : 'All tags';
}

async function toggle_tags() {
  if (look.tags) {
    look.tags = null;
  } else {
    const of = (member) => ask(`api/tags/${look.group.id}/${member.id}`).then(({ tags }) => tags, () => []);
    look.tags = await Promise.all(pair().map(of));
  }
  draw_facts(...pair());
}

function select(id) {
  look.member = id;
  if (look.tags) { look.tags = null; }
  draw_one();
  const strip = $('strip');
  const chosen = strip.querySelector('[aria-selected=true]');
  const left = chosen ? chosen.offsetLeft - strip.offsetLeft : 0;
  if (chosen && (left < strip.scrollLeft || left + chosen.offsetWidth > strip.scrollLeft + strip.clientWidth)) {
    strip.scrollLeft = left - 40;
  }
}

function step_member(by) {
  const ids = look.group.members.map((member) => member.id);
  const at = ids.indexOf(look.member);
  select(ids[(at + by + ids.length) % ids.length]);
}

function step_group(by) {
  const at = shown.at + by;
  if (at < 0 || at >= shown.ids.length) return;
  shown.at = at;
  shown.page = Math.floor(at / PAGE);
  show_one();
}

async function change(what) {
  const id = look.group.id;
  const group = await ask(`api/group/${id}`, what);
  if (look.group?.id === id) { look.group = group; draw_one(); }
  count_up();
}

const actions = {
  async keep() {
    const old = look.group.keeper;
    await change({ keeper: look.member });
    select(old);
  },
  spare: () => change({ spare: { member: look.member, value: by_id(look.member).role !== 'spared' } }),
  apart: () => change({ apart: { member: look.member, value: by_id(look.member).role !== 'apart' } }),
  'apart-all': () => change({ apart: { member: null, value: look.group.members.some((m) => m.candidate && m.id !== look.group.keeper && m.role !== 'apart') } }),
  async accept() {
    if (look.group.state !== 'accepted') await change({ accepted: true });
    step_group(1);
  },
  reopen: () => change({ accepted: false }),
};

function act(name) {
  const button = $(name);
  if (look.group && !(button && button.disabled)) actions[name]();
}

/* ---- side by side, blink, difference; zoom ---- */

let blinking = 0;
function set_view(view) {
  look.view = view;
  clearInterval(blinking);
  if (view === 'blink') blinking = setInterval(flip, 700);
  $('viewer').dataset.front = look.front = 'a';
  draw_one();
}

function flip() {
  look.front = look.front === 'a' ? 'b' : 'a';
  $('viewer').dataset.front = look.front;
}

function fit() {
  Object.assign(look, { zoom: 1, x: 0, y: 0, sharp: false });
}

function move() {
  for (const image of $('viewer').querySelectorAll('img')) {
    image.style.transform = `translate(${look.x * 100}%, ${look.y * 100}%) scale(${look.zoom})`;
  }
  $('zoom').textContent = look.zoom === 1 ? 'Fit' : `${Math.round(look.zoom * 100)} %`;
}

/* `x` and `y`: the place in the frame, 0 to 1, that stays where it is. */
function zoom_to(zoom, x = 0.5, y = 0.5) {
  zoom = Math.min(Math.max(zoom, 1), 32);
  look.x = x - (x - look.x) * (zoom / look.zoom);
  look.y = y - (y - look.y) * (zoom / look.zoom);
  look.zoom = zoom;
  bound();
  if (zoom > 1.5 && !look.sharp) { look.sharp = true; draw_one(); }
  move();
}

function bound() {
  const least = 1 - look.zoom;
  look.x = Math.min(0, Math.max(least, look.x));
  look.y = Math.min(0, Math.max(least, look.y));
}

for (const frame of document.querySelectorAll('.frame')) {
  frame.addEventListener('wheel', (event) => {
    event.preventDefault();
    const box = frame.getBoundingClientRect();
    zoom_to(look.zoom * Math.exp(-event.deltaY / 400), (event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height);
  }, { passive: false });
  frame.addEventListener('pointerdown', (event) => frame.setPointerCapture(event.pointerId));
  frame.addEventListener('pointermove', (event) => {
    if (!frame.hasPointerCapture(event.pointerId)) return;
    const box = frame.getBoundingClientRect();
    look.x += event.movementX / box.width;
    look.y += event.movementY / box.height;
    bound();
    move();
  });
  frame.addEventListener('dblclick', () => zoom_to(look.zoom > 1 ? 1 : 4));
}

/* ---- apply and undo ---- */

const PHASES = { verify: 'Checking bytes', act: 'Moving files' };
const show_part = (part) => {
  for (const id of ['apply-ask', 'apply-plan-shown', 'apply-going', 'apply-result']) $(id).hidden = id !== part;
};

function open_apply() {
  if ($('apply-open').disabled) return;
  $('apply-what').textContent = `${count(overview.accepted, 'group')} accepted: ${count(overview.files, 'file')}, ${human(overview.bytes)}.`;
  show_part('apply-ask');
  $('apply').showModal();
}

async function run_job(order, what) {
  show_part('apply-going');
  $('going-what').textContent = what;
  $('going').removeAttribute('value');
  let job = await ask('api/job', order);
  while (job.running) {
    await new Promise((done) => setTimeout(done, 200));
    job = await ask('api/job');
    $('going-what').textContent = `${PHASES[job.phase] ?? what}${job.total ? `: ${number.format(job.done)} of ${number.format(job.total)}` : ''}`;
    if (job.total) { $('going').max = job.total; $('going').value = job.done; }
  }
  return job;
}

const fill = (id, texts) => $(id).replaceChildren(...texts.map((text) => make('li', { text })));
let planned = 0;
let lost = 0;

async function make_plan() {
  const job = await run_job({ plan: $('action').value }, 'Looking at the files');
  if (job.error) return result(job);
  const { plan } = job;
  planned = job.number;
  lost = plan.lost_for_good;
  const verbs = { quarantine: 'moved aside', trash: 'moved into the trash', hardlink: 'replaced by hard links', delete: 'deleted' };
  const sidecars = plan.sidecars ? `, and ${count(plan.sidecars, 'sidecar')} written beside what is kept` : '';
  $('plan-sentence').textContent = `${count(plan.files, 'file')} (${human(plan.bytes)}) will be ${verbs[plan.action]}${sidecars}.`;
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
  const job = await run_job({ apply: { number: planned, lost_for_good } }, 'Moving files');
  result(job);
}

async function undo(run) {
  if (!$('apply').open) $('apply').showModal();
  result(await run_job({ undo: run }, 'Taking it back'));
}

async function result(job) {
  const done = job.result;
  const verb = job.kind === 'undo' ? 'restored' : 'done';
  $('result-sentence').textContent = job.error ?? `${count(done.files, 'file')} ${verb} (${human(done.bytes)}).${done.run && job.kind === 'apply' ? ` In a terminal it is taken back with: clean-backup undo ${done.run}` : ''}`;
  fill('result-problems', done?.problems ?? []);
  $('result-undo').hidden = !(job.kind === 'apply' && done?.files);
  $('result-undo').onclick = () => undo(done.run);
  show_part('apply-result');
  await count_up();
  await show();
}

function sure(text, yes) {
  $('sure-what').textContent = text;
  $('sure-yes').onclick = () => { $('sure').close(); yes(); };
  $('sure').showModal();
}

async function open_skipped() {
  const { files, more } = await ask('api/skipped');
  fill('skipped-files', files.map(({ path, reason }) => `${path}: ${reason}`));
  if (more) $('skipped-files').append(make('li', { text: `and ${number.format(more)} more` }));
  $('skipped').showModal();
}

/* ---- what people press ---- */

async function set_mode(mode) {
  shown.mode = mode;
  if (mode === 'list') { clearInterval(blinking); shown.page = Math.floor(shown.at / PAGE); } else if (look.view === 'blink') set_view('blink');
  if (mode === 'one' && Math.floor(shown.at / PAGE) !== shown.page) shown.at = shown.page * PAGE;
  await show();
  /* Where it was left. */
  if (mode === 'list' && shown.at % PAGE) $('cards').children[shown.at % PAGE]?.scrollIntoView({ block: 'center' });
}

for (const name of ['keep', 'spare', 'apart', 'apart-all', 'accept']) $(name).addEventListener('click', () => act(name));
for (const button of $('views').querySelectorAll('[data-view]')) button.addEventListener('click', () => set_view(button.dataset.view));
$('zoom').addEventListener('click', () => zoom_to(look.zoom > 1 ? 1 : 4));
$('previous').addEventListener('click', () => step_group(-1));
$('next').addEventListener('click', () => step_group(1));
$('tags').addEventListener('click', toggle_tags);
$('back').addEventListener('click', () => turn_page(-1));
$('on').addEventListener('click', () => turn_page(1));
$('mode').addEventListener('click', () => set_mode(shown.mode === 'one' ? 'list' : 'one'));
$('skipped-open').addEventListener('click', open_skipped);
$('help-open').addEventListener('click', () => $('help').showModal());
$('apply-open').addEventListener('click', open_apply);
$('undo-open').addEventListener('click', () => sure(`Take back run ${overview.runs[0]}?`, () => undo(overview.runs[0])));
$('finish').addEventListener('click', () => sure('End the review? What you decided is kept.', async () => {
  await ask('api/close', {});
  document.body.replaceChildren(make('p', { class: 'none', text: 'The review is over; this tab can be closed. The same command shows it again.' }));
}));
$('apply-plan').addEventListener('click', make_plan);
$('apply-do').addEventListener('click', carry_out);
$('apply-back').addEventListener('click', () => show_part('apply-ask'));
$('lost').addEventListener('input', () => { $('apply-do').disabled = !$('lost').checked; });
$('apply').addEventListener('cancel', (event) => { if (!$('apply-going').hidden) event.preventDefault(); });
for (const button of document.querySelectorAll('[data-close]')) button.addEventListener('click', () => button.closest('dialog').close());
$('accept-all').addEventListener('click', async () => {
  const { ids } = await ask(`api/ids?${query({ ...filter(), state: 'open' })}`);
  sure(`Accept ${count(ids.length, 'open group')} as they stand? Nothing is changed before you press Apply.`, async () => {
    await ask('api/accept', { ...filter(), state: 'open' });
    await count_up();
    await show();
  });
});
let typing = 0;
$('filters').addEventListener('input', () => { clearTimeout(typing); typing = setTimeout(list_anew, 150); });
$('filters').addEventListener('submit', (event) => event.preventDefault());

const keys = {
  ArrowDown: () => step_group(1), n: () => step_group(1),
  ArrowUp: () => step_group(-1), p: () => step_group(-1),
  ArrowRight: () => step_member(1), ArrowLeft: () => step_member(-1),
  k: () => act('keep'), s: () => act('spare'), d: () => act('apart'), D: () => act('apart-all'),
  Enter: () => act('accept'), Backspace: () => act('reopen'),
  1: () => set_view('side'), 2: () => set_view('blink'), 3: () => set_view('difference'),
  ' ': () => { if (look.view === 'blink') { clearInterval(blinking); flip(); } },
  z: () => zoom_to(look.zoom > 1 ? 1 : 4), '+': () => zoom_to(look.zoom * 1.5), '-': () => zoom_to(look.zoom / 1.5),
  t: toggle_tags,
};
addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || document.querySelector('dialog[open]')) return;
  if (event.target.closest('input, select')) return;
  if (event.target.closest('button, summary') && (event.key === 'Enter' || event.key === ' ')) return;
  const both = { l: () => set_mode(shown.mode === 'one' ? 'list' : 'one'), a: open_apply, '?': () => $('help').showModal() };
  const in_list = { n: () => turn_page(1), p: () => turn_page(-1) };
  const wanted = both[event.key] ?? (shown.mode === 'one' ? look.group && keys[event.key] : in_list[event.key]);
  if (!wanted) return;
  if (shown.mode === 'list' && (event.key === 'n' ? $('on') : event.key === 'p' ? $('back') : {}).disabled) return;
  event.preventDefault();
  wanted();
});

await count_up();
await list_anew();
