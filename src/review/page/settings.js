/* Settings, and examples of what each sensitivity finds. */

import { $, make } from './dom.js';
import { ask } from './server.js';

const SVG = 'http://www.w3.org/2000/svg';

function shape(name, attributes) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}

/* A landscape; what is done to it is drawn over it, or by another frame. */
function picture(edit) {
  const box = { none: '0 0 80 60', crop: '10 6 62 46.5', border: '-8 -6 96 72', small: '-40 -30 160 120' }[edit] ?? '0 0 80 60';
  const svg = shape('svg', { viewBox: box, role: 'img', 'aria-hidden': 'true' });
  const part = (name, attributes) => svg.append(shape(name, attributes));
  if (edit === 'border') part('rect', { x: -8, y: -6, width: 96, height: 72, fill: '#fff' });
  part('rect', { width: 80, height: 60, fill: '#8ec3ec' });
  part('circle', { cx: 60, cy: 16, r: 7, fill: '#ffd966' });
  part('path', { d: 'M0 44 22 20 40 40 52 28 80 52V60H0Z', fill: '#5b7f4f' });
  part('path', { d: 'M0 52 30 42 80 56V60H0Z', fill: '#3f6139' });
  if (edit === 'bright') part('rect', { width: 80, height: 60, fill: '#fff', 'fill-opacity': 0.28 });
  if (edit === 'grey') part('rect', { width: 80, height: 60, fill: '#777', 'fill-opacity': 0.35 });
  if (edit === 'mark') {
    const text = shape('text', { x: 6, y: 36, 'font-size': 11, fill: '#fff', 'fill-opacity': 0.8, transform: 'rotate(-14 40 30)' });
    text.textContent = '© SAMPLE';
    svg.append(text);
  }
  return svg;
}

const example = ([edit, text]) => make('figure', {}, picture(edit), make('figcaption', { text }));

const SENSITIVITIES = [
  ['exact', 'Exact', 'The same picture: re-encoded, resized, converted.', [['small', 'smaller'], ['none', 'JPEG to HEIC or PNG']], 'Misses edited copies. Never finds a crop.'],
  ['standard', 'Standard', 'Light edits too: brightness, contrast, sharpening, a small crop or border.', [['bright', 'brighter'], ['grey', 'other colours']], 'A good choice for most libraries.'],
  ['aggressive', 'Aggressive', 'Heavy edits too: crops, borders, captions, watermarks, screenshots.', [['crop', 'cropped'], ['border', 'with a border'], ['mark', 'with a watermark']], 'Takes longer. Every pair is still proven before it is shown.'],
];

async function set(key, value) {
  draw(await ask('api/settings', { key, value }));
}

function choices(setting) {
  return SENSITIVITIES.map(([name, title, what, examples, remark]) => {
    const radio = make('input', { type: 'radio', name: 'sensitivity', value: name, id: `sensitivity-${name}` });
    radio.checked = setting.value === name;
    radio.disabled = Boolean(setting.fixed_by);
    radio.addEventListener('change', () => set('sensitivity', name));
    return make('div', { class: 'choice' },
      make('label', { for: `sensitivity-${name}` }, radio, ' ', make('b', { text: title })),
      make('span', { text: what }),
      make('div', { class: 'examples' }, ...[['none', 'the picture'], ...examples].map(example)),
      make('span', { class: 'faint', text: remark }));
  });
}

function flag(setting) {
  const box = make('input', { type: 'checkbox', id: `set-${setting.key}` });
  box.checked = setting.value === 'true';
  box.disabled = Boolean(setting.fixed_by);
  box.addEventListener('change', () => set(setting.key, String(box.checked)));
  return make('div', { class: 'setting' },
    make('label', { for: box.id }, box, ` ${setting.about}`),
    make('code', { class: 'faint', text: setting.fixed_by ? `set by ${setting.fixed_by}` : setting.key }));
}

function draw(settings) {
  const sensitivity = settings.find((setting) => setting.key === 'sensitivity');
  const focused = document.activeElement?.id;
  $('sensitivity').querySelector('.cards').replaceChildren(...choices(sensitivity));
  $('flags').replaceChildren(...settings.filter((setting) => setting !== sensitivity).map(flag));
  if (focused) $(focused)?.focus();
}

export async function show() {
  draw(await ask('api/settings'));
}
