import { calendarDate, formatDate } from '../../http/formats.ts';
import { STATUS_LABELS, STATUS_TONES } from '../appointments/status-labels.ts';
import type { Timeline, TimelineItem } from './timeline.ts';

type Line = { icon: string; title: string; href: string | null; text: string | null; at: Date; by: string | null; pill: { label: string; tone: string } | null; warn: boolean };
export type TimelineDay = { label: string; items: Line[] };

const TEXT_MAX = 400;

/** The timeline by calendar days of the practice's zone. */
export function timelineDays({ items }: Timeline, names: ReadonlyMap<string, string>, zone: string, now: number): TimelineDay[] {
  const today = calendarDate(now, zone);
  const days: TimelineDay[] = [];
  for (const item of items) {
    const label = formatDate(item.at, zone);
    if (days.at(-1)?.label !== label) days.push({ label, items: [] });
    days.at(-1)?.items.push(lineOf(item, (id) => (id === null ? null : (names.get(id) ?? null)), today, zone));
  }
  return days;
}

function lineOf(item: TimelineItem, name: (id: string | null) => string | null, today: string, zone: string): Line {
  const { at } = item;
  switch (item.type) {
    case 'activity': {
      const { kind, subject, body, due_on: due, done_at: done, author_id: author } = item.row;
      const isLate = kind === 'task' && done === null && due !== null && due < today;
      const pill = kind !== 'task' ? null : done !== null ? { label: 'done', tone: 'good' } : isLate ? { label: 'overdue', tone: 'warn' } : { label: due === null ? 'open' : `due ${formatDate(due, zone)}`, tone: 'calm' };
      return { icon: kind, title: subject, href: `/activities/${item.id}`, text: body === null ? null : cut(body), at, by: name(author), pill, warn: isLate };
    }
    case 'appointment': {
      const { status, reason, practitioner_id: practitioner } = item.row;
      return { icon: 'calendar', title: reason ?? 'Appointment', href: `/appointments/${item.id}`, text: null, at, by: name(practitioner), pill: { label: STATUS_LABELS[status] ?? status, tone: STATUS_TONES[status] ?? '' }, warn: false };
    }
    case 'document':
      return { icon: 'document', title: item.row.title ?? 'Document', href: `/documents/${item.id}`, text: null, at, by: 'Import', pill: null, warn: false };
    case 'share': {
      const { user_id: user, shared_by: by, access } = item.row;
      return { icon: 'share', title: `Shared with ${name(user) ?? 'a colleague'}`, href: null, text: null, at, by: name(by), pill: { label: access === 'WRITE' ? 'read and write' : 'read', tone: 'teal' }, warn: false };
    }
  }
}

function cut(text: string): string {
  return text.length <= TEXT_MAX ? text : `${text.slice(0, TEXT_MAX)}…`;
}
