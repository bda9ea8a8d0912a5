/* Two films, played in step: the first one leads. Where the browser cannot play one, its strip of
   frames stays. */

import { $, make } from './dom.js';

/* The second one is moved when it is further off than so many seconds. */
const APART = 0.15;
const film = { pair: '', playing: false };

const video = (letter) => $(`pane-${letter}`).querySelector('video');
const playable = () => [video('a'), video('b')].filter(Boolean);

export function draw(group, a, b) {
  const both = [['a', a], ['b', b]];
  const pair = a.film && b.film ? `${group.id}/${a.id}/${b.id}` : '';
  if (pair === film.pair) return;
  stop();
  film.pair = pair;
  for (const [letter, member] of both) {
    const frame = $(`pane-${letter}`).querySelector('.frame');
    frame.querySelector('video')?.remove();
    if (!pair) continue;
    const player = make('video', { muted: '', playsinline: '', preload: 'auto', 'aria-hidden': 'true' });
    player.muted = true;
    player.addEventListener('error', () => { player.remove(); redraw(); });
    player.addEventListener('loadedmetadata', redraw);
    player.src = `film/${group.id}/${member.id}`;
    frame.append(player);
  }
  $('moment').value = 0;
  redraw();
}

function length() {
  const lengths = playable().map((player) => player.duration).filter(Number.isFinite);
  return lengths.length ? Math.min(...lengths) : 0;
}

function redraw() {
  $('player').hidden = !film.pair || playable().length === 0;
  $('play').textContent = film.playing ? 'Pause' : 'Play both';
  $('play').setAttribute('aria-pressed', film.playing);
  const at = playable()[0]?.currentTime ?? 0;
  $('moment-text').textContent = `${at.toFixed(1)} of ${length().toFixed(1)} s`;
  $('moment').setAttribute('aria-valuetext', $('moment-text').textContent);
}

function stop() {
  film.playing = false;
  for (const player of playable()) player.pause();
  redraw();
}

async function toggle() {
  film.playing = !film.playing;
  if (!film.playing) { stop(); return; }
  const [lead] = playable();
  if (lead.currentTime >= length() - 0.1) for (const player of playable()) player.currentTime = 0;
  try {
    await Promise.all(playable().map((player) => player.play()));
  } catch { stop(); return; }
  redraw();
  requestAnimationFrame(step);
}

function step() {
  const [lead, other] = playable();
  if (!film.playing || !lead) return;
  if (other && Math.abs(other.currentTime - lead.currentTime) > APART) other.currentTime = lead.currentTime;
  if (length() > 0) $('moment').value = 1000 * lead.currentTime / length();
  if (lead.ended || other?.ended) stop();
  redraw();
  requestAnimationFrame(step);
}

export function start() {
  $('play').addEventListener('click', toggle);
  $('moment').addEventListener('input', () => {
    for (const player of playable()) player.currentTime = length() * Number($('moment').value) / 1000;
    redraw();
  });
}
