import type { Item } from '../../clinical/clinical-document.ts';
import { formatDate } from '../../http/formats.ts';
import { wholeDay } from '../contacts/contact-frame.ts';

/** A coded item as one line of a list. */
export type ItemLine = { name: string; when: string | null; status: { label: string; tone: string } | null; detail: string | null; severe: boolean };

export function itemOf(item: Item): ItemLine {
  const { details } = item;
  const value = details.value === undefined ? details.valueCode?.display : `${details.value} ${UNITS[details.unit ?? ''] ?? details.unit ?? ''}`.trim();
  const reactions = details.reactions?.map(({ display, severity }) => (severity ? `${display} (${severity})` : display)).join(', ');
  const detail = [value, details.referenceRange && `reference ${details.referenceRange}`, details.dose, details.route, details.frequency, details.instructions, reactions, details.reason, details.lotNumber && `lot ${details.lotNumber}`, details.comment].filter(Boolean).join(' · ');
  const severe = /severe|fatal|critical|life/i.test(`${details.severity ?? ''} ${details.criticality ?? ''}`) && item.kind === 'allergies';
  return { name: item.isAbsence ? `None: ${item.display}` : item.display, when: whenOf(item), status: item.status ? { label: item.status, tone: item.isActive ? 'good' : '' } : null, detail: detail || null, severe };
}

/** UCUM's codes whose spelling is for machines; all others are read as they are. */
const UNITS: Readonly<Record<string, string>> = { 'mm[Hg]': 'mmHg', '[degF]': '°F', Cel: '°C', '[lb_av]': 'lb', '[in_i]': 'in', '{score}': '' };

/** Days as everywhere else; what knows the year or the month alone, as the document wrote it. */
export function dayText(time: string): string {
  const day = time.slice(0, 10);
  return wholeDay(day) === null ? day : formatDate(day, 'UTC');
}

function whenOf({ start, end }: Item): string | null {
  const day = (text: string | null) => (text === null ? null : dayText(text));
  if (start !== null && end !== null && day(start) !== day(end)) return `${day(start)} to ${day(end)}`;
  return day(start) ?? (end === null ? null : `until ${day(end)}`);
}
