/* What the keys do. */

import { $ } from './dom.js';
import { act, look, step_group, step_member } from './group.js';
import { flip_by_hand, set_view, toggle_zoom, view, zoom_to } from './viewer.js';
import { toggle_tags } from './facts.js';

const IN_GROUP = {
  ArrowDown: () => step_group(1), n: () => step_group(1),
  ArrowUp: () => step_group(-1), p: () => step_group(-1),
  ArrowRight: () => step_member(1), ArrowLeft: () => step_member(-1),
  k: () => act('keep'), s: () => act('spare'), d: () => act('apart'), D: () => act('apart-all'),
  g: () => act('alike'),
  Enter: () => act('accept'), Backspace: () => act('reopen'),
  1: () => set_view('side'), 2: () => set_view('blink'), 3: () => set_view('difference'),
  ' ': flip_by_hand,
  z: toggle_zoom, '+': () => zoom_to(view.zoom * 1.5), '-': () => zoom_to(view.zoom / 1.5),
  t: toggle_tags,
};

export function start({ in_group, everywhere }) {
  addEventListener('keydown', (event) => {
    if (event.altKey || document.querySelector('dialog[open]')) return;
    if (event.target.closest('input, select')) return;
    const undo = (event.ctrlKey || event.metaKey) && event.key === 'z';
    if ((event.ctrlKey || event.metaKey) && !undo) return;
    if (event.target.closest('button, summary, a') && (event.key === 'Enter' || event.key === ' ')) return;
    const key = undo ? 'u' : event.key;
    const wanted = everywhere[key] ?? (in_group() && look.group ? IN_GROUP[key] : undefined);
    if (!wanted) return;
    event.preventDefault();
    wanted();
  });
  $('help-open').addEventListener('click', () => $('help').showModal());
}
