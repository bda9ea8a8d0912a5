/* Two pictures: side by side, one after the other, or their difference; zoom and pan by mouse,
   keys and fingers. */

import { $ } from './dom.js';

export const view = { name: 'side', zoom: 1, x: 0, y: 0, sharp: false };
let front = 'a';
let blinking = 0;
let redraw = () => {};

export function set_view(name) {
  view.name = name;
  stop_blinking();
  if (name === 'blink') blinking = setInterval(flip, 700);
  $('viewer').dataset.front = front = 'a';
  redraw();
}

export const stop_blinking = () => clearInterval(blinking);

export function flip_by_hand() {
  if (view.name !== 'blink') return;
  stop_blinking();
  flip();
}

function flip() {
  front = front === 'a' ? 'b' : 'a';
  $('viewer').dataset.front = front;
}

export function fit() {
  Object.assign(view, { zoom: 1, x: 0, y: 0, sharp: false });
}

export function move() {
  for (const image of $('viewer').querySelectorAll('img')) {
    image.style.transform = `translate(${view.x * 100}%, ${view.y * 100}%) scale(${view.zoom})`;
  }
  $('zoom').textContent = view.zoom === 1 ? 'Zoom' : `${Math.round(view.zoom * 100)} %`;
}

/* `x` and `y`: the place in the frame, 0 to 1, that stays where it is. */
export function zoom_to(zoom, x = 0.5, y = 0.5) {
  zoom = Math.min(Math.max(zoom, 1), 32);
  view.x = x - (x - view.x) * (zoom / view.zoom);
  view.y = y - (y - view.y) * (zoom / view.zoom);
  view.zoom = zoom;
  bound();
  if (zoom > 1.5 && !view.sharp) { view.sharp = true; redraw(); }
  move();
}

export const toggle_zoom = () => zoom_to(view.zoom > 1 ? 1 : 4);

function bound() {
  const least = 1 - view.zoom;
  view.x = Math.min(0, Math.max(least, view.x));
  view.y = Math.min(0, Math.max(least, view.y));
}

function pan(by_x, by_y, box) {
  view.x += by_x / box.width;
  view.y += by_y / box.height;
  bound();
  move();
}

/* One pointer drags; two of them zoom about their middle, and drag it. */
function touch(frame) {
  const pointers = new Map();
  const middle = () => {
    const [a, b] = [...pointers.values()];
    return b ? { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2, apart: Math.hypot(a.x - b.x, a.y - b.y) } : { ...a, apart: 0 };
  };
  frame.addEventListener('pointerdown', (event) => {
    frame.setPointerCapture(event.pointerId);
    if (pointers.size < 2) pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
  });
  frame.addEventListener('pointermove', (event) => {
    if (!pointers.has(event.pointerId)) return;
    const box = frame.getBoundingClientRect();
    const before = middle();
    pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    const now = middle();
    pan(now.x - before.x, now.y - before.y, box);
    if (before.apart > 0 && now.apart > 0) {
      zoom_to(view.zoom * (now.apart / before.apart), (now.x - box.left) / box.width, (now.y - box.top) / box.height);
    }
  });
  for (const name of ['pointerup', 'pointercancel', 'lostpointercapture']) {
    frame.addEventListener(name, (event) => pointers.delete(event.pointerId));
  }
}

export function amplify(times) {
  $('viewer').style.setProperty('--amplify', times);
  $('amplified').textContent = `×${times}`;
  $('amplify').value = times;
}

export function start(on_change) {
  redraw = on_change;
  for (const frame of document.querySelectorAll('.frame')) {
    touch(frame);
    frame.addEventListener('wheel', (event) => {
      event.preventDefault();
      const box = frame.getBoundingClientRect();
      zoom_to(view.zoom * Math.exp(-event.deltaY / 400), (event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height);
    }, { passive: false });
    frame.addEventListener('dblclick', toggle_zoom);
  }
  for (const button of $('views').querySelectorAll('[data-view]')) {
    button.addEventListener('click', () => set_view(button.dataset.view));
  }
  $('zoom').addEventListener('click', toggle_zoom);
  $('amplify').addEventListener('input', () => amplify(Number($('amplify').value)));
  amplify(6);
}
