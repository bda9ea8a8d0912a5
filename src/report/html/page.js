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
  return (unit ? bytes.toFixed(1) : bytes) + ' ' + ['bytes', 'kB', 'MB', 'GB', 'TB', 'PB'][unit];
};
let order = 'number';
function show() {
  const chosen = new FormData(form);
  const kinds = chosen.getAll('kind');
  const only = chosen.getAll('only');
  const least = Number(chosen.get('bytes'));
  const path = chosen.get('path').toLowerCase();
  let shown = 0;
  let free = 0;
  for (const group of groups) {
    const fits = kinds.some((kind) => group.kinds.has(kind)) && only.every((kind) => group.kinds.has(kind))
      && group.bytes >= least && group.paths.includes(path);
    group.section.hidden = !fits;
    if (fits) { shown += 1; free += group.bytes; }
  }
  if (order !== chosen.get('order')) {
    order = chosen.get('order');
    groups.sort((a, b) => (order === 'bytes' && b.bytes - a.bytes) || a.number - b.number);
    main.append(...groups.map((group) => group.section));
  }
  form.querySelector('output').value = `${shown} of ${groups.length} shown, ${human(free)} to free`;
}
form.addEventListener('input', show);
form.addEventListener('submit', (event) => event.preventDefault());
show();
