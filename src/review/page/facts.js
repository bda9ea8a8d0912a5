/* What is known of two pictures; what differs comes first. */

import { $, human, make, number } from './dom.js';
import { changed, likeness, standing, taken } from './words.js';
import { ask } from './server.js';

const ROWS = [
  ['Name', (m) => m.name], ['Folder', (m) => m.folder],
  ['Size', (m) => `${human(m.bytes)} (${number.format(m.bytes)})`],
  ['Dimensions', (m) => `${m.width} × ${m.height}`], ['Format', (m) => m.format],
  ['Film', (m) => m.film ?? ''],
  ['Taken', (m) => taken(m.captured)], ['Camera', (m) => m.camera ?? '–'],
  ['Changed', (m) => changed(m.modified_ms)],
  ['Other names', (m) => m.other_names.join(', ')],
];

/* Of one pair: the tags of both, and whether all of them are shown. */
const facts = { pair: '', tags: null, all: false, drawn: [] };

const row = ([name, first, second]) => make('tr', { 'data-differs': first !== second ? '' : undefined },
  make('th', { scope: 'row', text: name }), make('td', { text: first }), make('td', { text: second }));

const heading = (text) => make('tr', { class: 'heading' }, make('th', { colspan: 3, scope: 'rowgroup', text }));

export function draw(group, a, b) {
  const pair = `${group.id}/${a.id}/${b.id}`;
  if (pair !== facts.pair) Object.assign(facts, { pair, tags: null });
  facts.drawn = [group, a, b];
  const rows = ROWS.map(([name, of]) => [name, of(a), of(b)]).filter(([, first, second]) => first || second);
  if (facts.tags) {
    const values = facts.tags.map((tags) => new Map(tags));
    for (const name of new Set(facts.tags.flat().map(([name]) => name))) {
      const both = [name, values[0].get(name) ?? '–', values[1].get(name) ?? '–'];
      if (facts.all || both[1] !== both[2]) rows.push(both);
    }
  }
  const differing = a.id === b.id ? [] : rows.filter(([, first, second]) => first !== second);
  const same = rows.filter((row) => !differing.includes(row));
  const match = make('tr', {}, make('th', { scope: 'row', text: 'Match' }),
    make('td', { text: a.id === group.keeper ? 'kept' : '' }), make('td', { text: standing(b) || likeness(b) || 'kept' }));
  $('facts').tBodies[0].replaceChildren(
    match,
    ...(differing.length ? [heading('Different'), ...differing.map(row)] : []),
    ...(same.length ? [heading(differing.length ? 'The same' : 'Facts'), ...same.map(row)] : []),
  );
  $('tags').textContent = facts.all ? 'Fewer tags' : 'All tags';
}

/* Reads the tags of both files, once somebody looks at them for a while. */
export async function read_tags() {
  const [group, a, b] = facts.drawn;
  if (!group || facts.tags) return;
  const { pair } = facts;
  const of = (member) => ask(`api/tags/${group.id}/${member.id}`).then(({ tags }) => tags, () => []);
  const tags = await Promise.all([of(a), of(b)]);
  if (facts.pair !== pair) return;
  facts.tags = tags;
  draw(...facts.drawn);
}

export async function toggle_tags() {
  facts.all = !facts.all;
  await read_tags();
  draw(...facts.drawn);
}
