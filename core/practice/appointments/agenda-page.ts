import type { Tx } from '../../db/scope.ts';
import { formatDate } from '../../http/formats.ts';
import { colleaguesOf } from '../colleagues.ts';
import { AGENDA_MAX, listAppointments } from './list-appointments.ts';
import { STATUS_LABELS, STATUS_TONES } from './status-labels.ts';
import { clockTime, instantsOf, wallTime } from './wall-time.ts';

export type AgendaQuery = { view: 'day' | 'week'; day?: string; practitioner?: string };

/** Context of `appointments/agenda`: a day, or the week (Monday first) that holds it, by the practice's clock. */
export async function agendaPage(tx: Tx, { view, day, practitioner }: AgendaQuery, zone: string): Promise<object> {
  const today = wallTime(new Date(tx.now), zone).slice(0, 10);
  const chosen = day ?? today;
  const first = view === 'day' ? chosen : addDays(chosen, -((new Date(`${chosen}T00:00:00Z`).getUTCDay() + 6) % 7));
  const span = view === 'day' ? 1 : 7;
  const days = Array.from({ length: span }, (_, at) => addDays(first, at));
  const { items, next } = await listAppointments(tx, { from: startOfDay(first, zone), to: startOfDay(addDays(first, span), zone), practitionerId: practitioner ?? null, limit: AGENDA_MAX });
  const colleagues = await colleaguesOf(tx);
  const names = new Map(colleagues.map(({ id, name }) => [id, name]));
  const href = (at: string, kind: string = view) => `/appointments?view=${kind}&day=${at}${practitioner === undefined ? '' : `&practitioner=${practitioner}`}`;
  return {
    view, day: chosen, practitioner: practitioner ?? null, zone, title: view === 'day' ? formatDate(chosen, zone) : `Week of ${formatDate(first, zone)}`,
    previousHref: href(addDays(first, -span)), nextHref: href(addDays(first, span)), todayHref: href(today),
    views: (['day', 'week'] as const).map((kind) => ({ href: href(chosen, kind), label: kind === 'day' ? 'Day' : 'Week', current: kind === view, count: null })),
    people: colleagues.filter(({ isActive }) => isActive).map(({ id, name }) => ({ value: id, label: name })),
    shown: next === null ? null : items.length,
    days: days.map((date) => ({
      label: new Intl.DateTimeFormat('en-US', { weekday: 'long', month: 'long', day: 'numeric', timeZone: 'UTC' }).format(new Date(`${date}T12:00:00Z`)),
      items: items.map((item) => ({ item, start: wallTime(item.startsAt, zone) })).filter(({ start }) => start.startsWith(date)).map(({ item }) => ({
        id: item.id, start: clockTime(item.startsAt, zone), end: clockTime(item.endsAt, zone), contactId: item.contactId, contactName: item.contactName,
        practitioner: names.get(item.practitionerId) ?? 'Former colleague', reason: item.reason, status: STATUS_LABELS[item.status], tone: STATUS_TONES[item.status],
      })),
    })),
  };
}

export function addDays(day: string, count: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + count * 86_400_000).toISOString().slice(0, 10);
}

/** Midnight, or the first minute the day has where clocks skip midnight. */
function startOfDay(day: string, zone: string): Date {
  for (let minute = 0; minute < 180; minute += 15) {
    const [instant] = instantsOf(`${day}T${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`, zone);
    if (instant !== undefined) return instant;
  }
  return new Date(`${day}T00:00:00Z`); // a day the zone left out (Samoa, 2011-12-30) has no appointments
}
