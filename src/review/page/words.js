/* What is said about pictures. */

import { human } from './dom.js';

export const ROLES = {
  keep: 'kept', remove: 'goes', spared: 'kept too', apart: 'not a duplicate',
  burst: 'burst, stays', alike: 'only alike, stays', unsure: 'may be the original, stays', more: 'shows more, stays',
  alarm: 'may be damaged, stays', film: 'a film of other bytes, stays',
  reference: 'reference, stays', linked: 'not near, stays', gone: 'gone',
};

const RELATIONS = {
  copy: 'copy', part: 'part', burst: 'shot of a burst', alike: 'only alike',
};

const TURNED = {
  rotate90: 'turned right', rotate180: 'turned upside down', rotate270: 'turned left',
};

/* How alike, in words, where the per cent alone would tell little. */
function degree(per_cent) {
  if (per_cent >= 99) return 'no visible difference';
  if (per_cent >= 95) return 'hardly any difference';
  if (per_cent >= 85) return 'small differences';
  return 'clear differences';
}

export function likeness(member) {
  if (member.distance === undefined) return '';
  if (member.relation === 'identical') return '100 % alike: the same bytes';
  if (member.likeness === undefined) return member.relation ? '' : 'near another picture of the group';
  return `${member.likeness} % alike, ${member.difference ?? degree(member.likeness)}`;
}

/* What a member is to the keeper; nothing for the keeper itself. */
export function standing(member) {
  if (member.distance === undefined) return '';
  const turned = member.orientation && member.orientation !== 'none'
    ? TURNED[member.orientation] ?? 'mirrored' : '';
  const relation = member.relation === 'identical' ? '' : RELATIONS[member.relation] ?? 'linked';
  const parts = [
    member.alarm,
    member.unsure && `unsure which is the original: ${member.unsure}`,
    [relation, likeness(member), turned].filter(Boolean).join(', '),
  ];
  return parts.filter(Boolean).join('; ');
}

/* What only a duplicate knows, and what contradicts the keeper. */
export function carry(member) {
  const only = member.only ? [`only it knows: ${member.only}`] : [];
  return [...only, ...(member.conflicts ?? []).map((conflict) => `contradicts: ${conflict}`)];
}

const MONTHS = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December'];

/* A time as cameras write it, by the clock of the place: `2019-02-03T12:34:56.7+01:00`. */
export function taken(text) {
  const parts = /^(\d+)-(\d+)-(\d+)[T ](\d+:\d+(?::\d+)?)(?:\.\d+)?(.*)$/.exec(text ?? '');
  if (!parts) return text ?? '–';
  const [, year, month, day, clock, zone] = parts;
  const offset = zone && zone !== 'Z' ? ` (UTC${zone})` : '';
  return `${Number(day)} ${MONTHS[month - 1] ?? month} ${year}, ${clock}${offset}`;
}

const local = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'long', year: 'numeric', hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false });
export const changed = (milliseconds) => local.format(new Date(milliseconds)).replace(' at ', ', ');

/* Windows has backslashes between folders; elsewhere a name may hold one. */
export const foldersOf = (path) => path.split(path.includes('/') ? '/' : '\\');

/* The end of a long path tells more than its beginning. */
export function tail(folder) {
  const parts = foldersOf(folder);
  return parts.length > 3 ? `…/${parts.slice(-2).join('/')}` : folder;
}

export const size = (member) => `${member.width} × ${member.height} ${member.format}, ${member.film ? `${member.film}, ` : ''}${human(member.bytes)}`;

/* For those who do not see the picture. */
export const alternative = (member) => `${member.name}, ${member.film ? `film, ${member.film}, ` : ''}${member.width} by ${member.height} pixels, ${ROLES[member.role]}`;
