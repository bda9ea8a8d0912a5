/* All groups that fit the filter. Only the cards that are in sight, and a few around them, are in
   the page: it stays as quick with ten thousand groups as with ten. */

import { $, count, human, make, number } from './dom.js';
import { ask, shown } from './server.js';
import { ROLES, alternative, carry, size, standing, tail } from './words.js';

/* Cards above and below those in sight. */
const AROUND = 4;
/* Groups that are asked for at once. */
const BATCH = 24;
/* Groups that are kept after they were scrolled away. */
const KEPT = 600;
/* Browsers lose count of pixels beyond some millions: so many cards make a page. */
const PAGE = 20000;
/* Pictures of a group that a card shows; all of them are seen when it is opened. */
const MOST = 24;

/* The numbers of the groups that fit, taken when the filter was set, so that nothing jumps away
   while it is decided about. */
const list = { ids: [], page: 0, wire: {} };
const groups = new Map();
const cards = new Map();
let waiting = new Set();
let height = 0;

export const without = (member) => make('span', {
  class: 'without', text: member.role === 'gone' ? 'moved away' : 'no picture can be shown',
});

function thumbnail(group, member) {
  const box = make('span', { class: 'thumb' });
  const image = make('img', {
    src: `picture/${group.id}/${member.id}/320?of=${shown.search}`, alt: alternative(member), loading: 'lazy', decoding: 'async',
  });
  image.addEventListener('error', () => box.replaceChildren(without(member)));
  box.append(image);
  return box;
}

export function member_card(group, member) {
  return make('button', {
    class: 'member', 'data-role': member.role, 'data-member': member.id, type: 'button',
    title: `${member.folder}/${member.name}`,
  },
  thumbnail(group, member),
  make('span', { class: 'role', text: ROLES[member.role] }),
  make('span', { class: 'name', text: member.name }),
  make('small', { text: tail(member.folder) }),
  make('small', { text: size(member) }),
  make('small', { class: 'standing', text: standing(member) || '\u00a0' }),
  ...carry(member).map((text) => make('small', { class: 'carry', text })));
}

export function badge(element, group) {
  element.dataset.state = group.state;
  element.textContent = group.state;
}

function card(group) {
  const state = make('span', { class: 'badge' });
  badge(state, group);
  const accept = make('button', { type: 'button', class: 'accept', text: group.state === 'accepted' ? 'Take back' : 'Accept' });
  accept.setAttribute('aria-label', `${accept.textContent} group ${group.id + 1}`);
  accept.disabled = group.state === 'applied';
  const more = group.members.length - MOST;
  const element = make('section', { class: 'card', 'data-group': group.id, 'data-state': group.state, 'aria-label': `Group ${group.id + 1}` },
    make('div', { class: 'line' },
      make('b', { text: `Group ${group.id + 1}` }), state,
      make('span', { class: 'why', text: `${human(group.bytes)} to free · kept for: ${group.reason}` }),
      accept),
    make('div', { class: 'row' }, ...group.members.slice(0, MOST).map((member) => member_card(group, member)),
      more > 0 && make('span', { class: 'beyond', text: `and ${number.format(more)} more: open the group` })));
  accept.addEventListener('click', async (event) => {
    event.stopPropagation();
    update(await ask(`api/group/${group.id}`, { accepted: group.state !== 'accepted' }));
    list.wire.changed();
  });
  element.addEventListener('click', (event) => {
    const member = event.target.closest('.member');
    list.wire.open(group.id, member ? Number(member.dataset.member) : undefined);
  });
  return element;
}

const of_page = () => list.ids.slice(list.page * PAGE, (list.page + 1) * PAGE);

function place(element, at) {
  element.style.transform = `translateY(${at * height}px)`;
}

function in_sight(ids) {
  const top = $('cards').getBoundingClientRect().top;
  const first = Math.floor(-top / height) - AROUND;
  const last = Math.ceil((innerHeight - top) / height) + AROUND;
  return [Math.max(0, first), Math.min(ids.length, last)];
}

/* Puts the cards that are in sight into the page, in their order, and takes the others out. */
function draw() {
  if ($('list').hidden || !height) return;
  const ids = of_page();
  const [first, last] = in_sight(ids);
  const wanted = new Set(ids.slice(first, last));
  for (const [id, element] of cards) {
    if (!wanted.has(id)) { element.remove(); cards.delete(id); }
  }
  let before = $('cards').firstChild;
  for (let at = first; at < last; at += 1) {
    const id = ids[at];
    let element = cards.get(id);
    if (!element) {
      const group = groups.get(id);
      element = group ? card(group) : make('section', { class: 'card', 'data-empty': '', 'aria-hidden': 'true' });
      cards.set(id, element);
      $('cards').insertBefore(element, before);
    }
    place(element, at);
    before = element.nextSibling;
  }
  const missing = ids.slice(first, last).filter((id) => !groups.has(id) && !waiting.has(id));
  if (missing.length) fetch_groups(missing);
}

async function fetch_groups(ids) {
  for (const id of ids) waiting.add(id);
  for (let at = 0; at < ids.length; at += BATCH) {
    const part = ids.slice(at, at + BATCH);
    const mine = waiting;
    const answer = await ask(`api/groups?ids=${part.join(',')}`);
    if (mine !== waiting) return;
    for (const group of answer.groups) update(group);
    for (const id of part) waiting.delete(id);
  }
}

/* A group as it is now. */
export function update(group) {
  groups.delete(group.id);
  groups.set(group.id, group);
  if (groups.size > KEPT) groups.delete(groups.keys().next().value);
  const old = cards.get(group.id);
  if (!old) return;
  const focused = old.contains(document.activeElement) && document.activeElement.className;
  const element = card(group);
  element.style.transform = old.style.transform;
  element.querySelector('.row').scrollLeft = old.querySelector('.row')?.scrollLeft ?? 0;
  old.replaceWith(element);
  cards.set(group.id, element);
  if (focused) element.querySelector(`.${focused.split(' ')[0]}`)?.focus();
}

/* Many groups are decided otherwise: those in sight are asked for again, and stay until then. */
export function refresh() {
  groups.clear();
  waiting = new Set();
  draw();
  const [first, last] = in_sight(of_page());
  fetch_groups(of_page().slice(first, last));
}

function measure() {
  const probe = make('section', { class: 'card' });
  $('cards').append(probe);
  height = probe.offsetHeight + parseFloat(getComputedStyle(probe).marginBottom);
  probe.remove();
}

function lay_out() {
  if ($('list').hidden) return;
  measure();
  const ids = of_page();
  $('cards').style.height = `${ids.length * height}px`;
  const pages = Math.max(1, Math.ceil(list.ids.length / PAGE));
  $('pages').hidden = pages === 1;
  const from = list.page * PAGE;
  $('where').textContent = `${number.format(from + 1)}–${number.format(from + ids.length)} of ${count(list.ids.length, 'group')}`;
  $('back').disabled = list.page === 0;
  $('next-page').disabled = list.page === pages - 1;
  $('none').hidden = ids.length > 0;
  draw();
}

/* Shows these groups. */
export function show(ids) {
  if (ids !== list.ids) {
    list.ids = ids;
    list.page = 0;
    for (const element of cards.values()) element.remove();
    cards.clear();
  }
  lay_out();
}

/* Scrolls so that a group is in sight. */
export function bring(id) {
  const at = list.ids.indexOf(id);
  if (at < 0) return;
  list.page = Math.floor(at / PAGE);
  lay_out();
  const top = $('cards').getBoundingClientRect().top + scrollY;
  scrollTo(0, Math.max(0, top + (at % PAGE) * height - innerHeight / 3));
  draw();
}

function turn(by) {
  list.page += by;
  for (const element of cards.values()) element.remove();
  cards.clear();
  scrollTo(0, 0);
  lay_out();
}

export function start(wire) {
  list.wire = wire;
  $('back').addEventListener('click', () => turn(-1));
  $('next-page').addEventListener('click', () => turn(1));
  addEventListener('scroll', draw, { passive: true });
  addEventListener('resize', lay_out);
}
