'use strict';
const form = document.getElementById('filters');
const main = document.querySelector('main');
const groups = [...main.querySelectorAll('section')].map((section) => ({
  section,
  number: Number(section.dataset.number),
  bytes: Number(section.dataset.bytes),
  kinds: new Set(section.dataset.kinds.split(' ')),
  paths: [...section.querySelectorAll('.path')].map((path) => path.textContent).join('\n').toLowerCase(),
}));
const human = (bytes) => {
  let unit = 0;
  while (bytes >= 1000 && unit < 5) { bytes /= 1000; unit += 1; }
  return (unit ? (Math.floor(bytes * 10) / 10).toFixed(1) : bytes) + ' ' + ['bytes', 'kB', 'MB', 'GB', 'TB', 'PB'][unit];
};
let order = 'number';
/* So many are laid out; more when the end of them comes near. */
const STEP = 1000;
let most = STEP;
const more = document.createElement('p');
more.className = 'none';
function show() {
  const chosen = new FormData(form);
  const kinds = chosen.getAll('kind');
  const only = chosen.getAll('only');
  const least = Number(chosen.get('bytes'));
  const path = chosen.get('path').toLowerCase();
  if (order !== chosen.get('order')) {
    order = chosen.get('order');
    groups.sort((a, b) => (order === 'bytes' && b.bytes - a.bytes)
      || (order === 'path' && (a.paths > b.paths) - (a.paths < b.paths)) || a.number - b.number);
    main.append(...groups.map((group) => group.section), more);
  }
  let fitting = 0;
  let free = 0;
  for (const group of groups) {
    const fits = kinds.some((kind) => group.kinds.has(kind)) && only.every((kind) => group.kinds.has(kind))
      && group.bytes >= least && group.paths.includes(path);
    if (fits) { fitting += 1; free += group.bytes; }
    group.section.hidden = !fits || fitting > most;
  }
  more.hidden = fitting <= most;
  more.textContent = `${fitting - most} more below`;
  form.querySelector('output').value = `${fitting} of ${groups.length} shown, ${human(free)} to free`;
}
function show_anew() {
  most = STEP;
  show();
}
for (const image of main.querySelectorAll('img[data-same]')) {
  image.src = document.getElementById(image.dataset.same).src;
}
main.append(more);
new IntersectionObserver((seen) => {
  if (seen.some((end) => end.isIntersecting)) { most += STEP; show(); }
}, { rootMargin: '2000px' }).observe(more);
form.addEventListener('input', show_anew);
form.addEventListener('submit', (event) => event.preventDefault());
show();
