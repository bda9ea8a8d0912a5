/* One group: its pictures held against the keeper, and what is decided about them. */

import { $, keep_keys, make, number } from './dom.js';
import { ask, shown } from './server.js';
import { badge, member_card, without } from './list.js';
import { ROLES, alternative } from './words.js';
import * as facts from './facts.js';
import * as films from './films.js';
import * as viewer from './viewer.js';

/* Of a group so many stand in the strip, around the one that is compared. */
const STRIP = 120;
/* Tags are read once a pair is looked at for so many milliseconds. */
const LOOKED_AT = 250;

export const look = { ids: [], at: 0, group: null, member: 0, wire: {} };
let wanted;
let reading = 0;

export function open(ids, id, member) {
  look.ids = ids;
  look.at = Math.max(0, ids.indexOf(id));
  look.group = null;
  wanted = member;
  return show();
}

export async function show() {
  const id = look.ids[look.at];
  if (id === undefined) { look.wire.leave(); return; }
  const group = await ask(`api/group/${id}`);
  if (id !== look.ids[look.at]) return;
  const fresh = look.group?.id !== group.id;
  look.group = group;
  if (fresh) {
    const other = group.members.find((member) => member.id !== group.keeper);
    look.member = wanted ?? other?.id ?? 0;
    wanted = undefined;
    viewer.fit();
  }
  draw();
  const next = look.ids[look.at + 1];
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
  return [keeper, by_id(look.member) ?? keeper];
}

export function draw() {
  const { group } = look;
  if (!group) return;
  const [keeper, chosen] = pair();
  $('place').textContent = `${number.format(look.at + 1)} of ${number.format(look.ids.length)}`;
  $('previous').disabled = look.at === 0;
  $('next').disabled = look.at >= look.ids.length - 1;
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
  $('accept').textContent = group.state === 'accepted' ? 'Next' : 'Accept';
  $('reset').disabled = applied || (group.state === 'open' && group.keeper === 0 && !group.members.some((m) => ['spared', 'apart'].includes(m.role)));
  $('alike').hidden = applied || group.alike === 0;
  $('alike').textContent = `Same for ${number.format(group.alike)} alike…`;
  for (const button of $('views').querySelectorAll('[data-view]')) {
    button.setAttribute('aria-pressed', button.dataset.view === viewer.view.name);
  }
  $('viewer').dataset.view = viewer.view.name;
  $('amplify-box').hidden = viewer.view.name !== 'difference';
  $('no-difference').hidden = viewer.view.name !== 'difference' || chosen.relation !== 'identical';
  films.draw(group, keeper, chosen);
  facts.draw(group, keeper, chosen);
  clearTimeout(reading);
  reading = setTimeout(facts.read_tags, LOOKED_AT);
  viewer.move();
}

/* As it lies, or as the keeper does, so that they can be laid over each other. The keeper is named
   for the browser's cache: another one lies otherwise. */
const source = (group, member, side) =>
  `picture/${group.id}/${member}/${side}?of=${shown.search}${viewer.view.name === 'side' ? '' : `&like_keeper=1&keeper=${group.keeper}`}`;

function draw_strip(group) {
  const all = group.members;
  const at = all.findIndex((member) => member.id === look.member);
  const start = Math.max(0, Math.min(at - STRIP / 2, all.length - STRIP));
  const end = Math.min(all.length, start + STRIP);
  const beyond = (count, text) => count > 0 && make('span', { class: 'beyond', text: text.replace('#', number.format(count)) });
  const focused = $('strip').contains(document.activeElement);
  $('strip').replaceChildren(...[beyond(start, '# more ‹'), ...all.slice(start, end).map((member) => {
    const element = member_card(group, member);
    element.setAttribute('aria-pressed', member.id === look.member);
    element.addEventListener('click', () => select(member.id));
    return element;
  }), beyond(all.length - end, '› # more')].filter(Boolean));
  if (focused) $('strip').querySelector('[aria-pressed=true]')?.focus();
}

function pane(letter, member, role) {
  const frame = $(`pane-${letter}`).querySelector('.frame');
  const image = frame.querySelector('img');
  image.alt = `${letter === 'a' ? 'The keeper' : 'Compared with it'}: ${alternative(member)}`;
  const wanted = source(look.group, member.id, viewer.view.sharp ? 5000 : 1600);
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

function select(id) {
  look.member = id;
  draw();
  const strip = $('strip');
  const chosen = strip.querySelector('[aria-pressed=true]');
  const left = chosen ? chosen.offsetLeft - strip.offsetLeft : 0;
  if (chosen && (left < strip.scrollLeft || left + chosen.offsetWidth > strip.scrollLeft + strip.clientWidth)) {
    strip.scrollLeft = left - 40;
  }
}

export function step_member(by) {
  const ids = look.group.members.map((member) => member.id);
  const at = ids.indexOf(look.member);
  select(ids[(at + by + ids.length) % ids.length]);
}

export function step_group(by) {
  const at = look.at + by;
  if (at < 0 || at >= look.ids.length) return;
  look.at = at;
  show();
}

async function change(what) {
  const { id } = look.group;
  const group = await ask(`api/group/${id}`, what);
  if (look.group?.id === id) { look.group = group; draw(); }
  look.wire.decided(group);
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
  reset: () => change({ reset: {} }),
  reopen: () => change(look.group.state === 'accepted' ? { accepted: false } : { reset: {} }),
  alike: () => look.wire.alike(look.group),
};

export function act(name) {
  const button = $(name);
  if (look.group && !(button && (button.disabled || button.hidden))) actions[name]();
}

export function start(wire) {
  look.wire = wire;
  for (const name of ['keep', 'spare', 'apart', 'apart-all', 'reset', 'alike', 'accept']) {
    $(name).addEventListener('click', () => act(name));
  }
  $('previous').addEventListener('click', () => step_group(-1));
  $('next').addEventListener('click', () => step_group(1));
  $('tags').addEventListener('click', facts.toggle_tags);
  viewer.start(draw);
  films.start();
  keep_keys($('one'));
}
