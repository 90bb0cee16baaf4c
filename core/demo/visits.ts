import { addDays, ageOn, daysBetween, nextWorkday, type WallClock } from './calendar.ts';
import type { Random } from './random.ts';

/** A meeting that took place, or will. Instants ISO 8601 UTC, `date` the local day. */
export type Visit = { date: string; startsAt: string; endsAt: string; practitionerId: string; kind: VisitKind; reason: string };
export type VisitKind = 'checkup' | 'followup' | 'problem';

const OPENS = 8 * 60;
const CLOSES = 17 * 60;
const STEP = 10;
const STEPS = (CLOSES - OPENS) / STEP;
const LUNCH = new Set([24, 25, 26, 27, 28, 29]); // 12:00 to 13:00

/** Every practitioner's book in ten-minute steps; what is taken stays taken, so no two appointments overlap. */
export class AppointmentBook {
  readonly #clock: WallClock;
  readonly #taken = new Map<string, Set<number>>();

  constructor(clock: WallClock) {
    this.#clock = clock;
  }

  get timeZone(): string {
    return this.#clock.timeZone;
  }

  /** Books on that day, or on the next working day with room. Minutes must be a multiple of ten. */
  book(random: Random, practitionerId: string, day: string, minutes: number): { date: string; startsAt: string; endsAt: string } {
    for (let date = day; ; date = nextWorkday(addDays(date, 1))) {
      const booked = this.bookOn(random, practitionerId, date, minutes);
      if (booked) return booked;
    }
  }

  /** Null when that day is full. */
  bookOn(random: Random, practitionerId: string, date: string, minutes: number): { date: string; startsAt: string; endsAt: string } | null {
    const key = `${practitionerId} ${date}`;
    const taken = this.#taken.get(key) ?? new Set(LUNCH);
    this.#taken.set(key, taken);
    const length = minutes / STEP;
    const start = random.int(0, STEPS - length);
    for (let offset = 0; offset <= STEPS - length; offset++) {
      const first = (start + offset) % (STEPS - length + 1);
      const steps = Array.from({ length }, (_, index) => first + index);
      if (steps.some((step) => taken.has(step))) continue;
      for (const step of steps) taken.add(step);
      const at = OPENS + first * STEP;
      return { date, startsAt: this.#clock.instant(date, at), endsAt: this.#clock.instant(date, at + minutes) };
    }
    return null;
  }
}

const REASONS: Record<VisitKind, readonly string[]> = {
  checkup: ['Annual wellness visit', 'Physical examination', 'Preventive care visit'],
  followup: ['Follow-up', 'Medication review', 'Blood pressure check', 'Lab results review'],
  problem: ['Cough and fever', 'Sore throat', 'Back pain', 'Headache', 'Rash', 'Abdominal pain', 'Ear pain', 'Fatigue', 'Urinary symptoms'],
};

export function visitKind(random: Random): VisitKind {
  return random.weighted([['checkup', 3], ['followup', 4], ['problem', 4]] as const);
}

export function visitMinutes(kind: VisitKind): number {
  return kind === 'checkup' ? 40 : kind === 'followup' ? 20 : 30;
}

export function visitReason(random: Random, kind: VisitKind, age: number): string {
  if (kind === 'checkup' && age < 18) return 'Well-child visit';
  return kind === 'followup' && age < 18 ? 'Follow-up' : random.pick(REASONS[kind]);
}

/** Further back the chart keeps no single visits. */
const REMEMBERED_DAYS = 365 * 7;

/** Visits of one patient between two days (both included), as often as people of that age come; old to new. */
export function makeVisits(random: Random, book: AppointmentBook, birthDate: string, practitionerId: string, from: string, to: string): Visit[] {
  const visits: Visit[] = [];
  const oldest = addDays(to, -REMEMBERED_DAYS);
  let lastCheckup = '';
  for (let day = from > oldest ? from : oldest; daysBetween(day, to) > 5; ) {
    const age = ageOn(birthDate, day);
    const isDue = lastCheckup === '' || daysBetween(lastCheckup, day) > (age < 2 ? 60 : 330);
    const kind = isDue ? 'checkup' : random.pick(['followup', 'problem'] as const);
    const booked = book.book(random, practitionerId, nextWorkday(day), visitMinutes(kind));
    if (booked.date > to) break;
    if (kind === 'checkup') lastCheckup = booked.date;
    visits.push({ ...booked, practitionerId, kind, reason: visitReason(random, kind, age) });
    const perYear = age < 2 ? 5 : age < 18 ? 1.4 : age < 50 ? 1.3 : age < 65 ? 2 : 3;
    day = addDays(booked.date, Math.max(12, Math.round((365 / perYear) * (0.4 + 1.2 * random.fraction()))));
  }
  return visits;
}
