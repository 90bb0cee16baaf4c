import type { Item } from '../../clinical/clinical-document.ts';
import { formatDate } from '../../http/formats.ts';
import { wholeDay } from '../contacts/contact-frame.ts';

/** A coded item as one line of a list. */
export type ItemLine = { name: string; when: string | null; status: { label: string; tone: string } | null; detail: string | null; severe: boolean };

export function itemOf(item: Item): ItemLine {
  const { details } = item;
  const value = details.value === undefined ? details.valueCode?.display : `${details.value} ${UNITS[details.unit ?? ''] ?? details.unit ?? ''}`.trim();
  const reactions = details.reactions?.map(({ display, severity }) => (severity ? `${display} (${severity})` : display)).join(', ');
  const detail = [
    value, details.interpretation, details.referenceRange && `reference ${details.referenceRange}`, details.severity && `severity ${details.severity}`, details.criticality, [details.dose, details.form].filter(Boolean).join(' '), details.route,
    details.frequency, details.precondition && `as needed: ${details.precondition}`, details.instructions, reactions, details.bodySite, details.reason, details.doseNumber && `dose no. ${details.doseNumber}`, details.lotNumber && `lot ${details.lotNumber}`, details.manufacturer, details.diagnoses?.join(', '),
    details.location, details.device, details.performer && `by ${details.performer}`, details.comment,
  ].filter(Boolean).join(' · ');
  return { name: item.isAbsence ? `None: ${item.display}` : item.display, when: whenOf(item), status: item.status ? { label: item.status, tone: item.isActive ? 'good' : '' } : null, detail: detail || null, severe: isSevereAllergy(item) };
}

/** By the allergy's own severity, that of a reaction (where C-CDA R2.1 puts it), or a high criticality (value set 2.16.840.1.113883.1.11.20549: high, low, unable to assess). */
function isSevereAllergy({ kind, details }: Item): boolean {
  const severities = [details.severity, ...(details.reactions ?? []).map(({ severity }) => severity)];
  return kind === 'allergies' && (severities.some((severity) => /severe|fatal|critical|life/i.test(severity ?? '')) || /^high/i.test(details.criticality ?? ''));
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
