import { makeActivities } from './activities.ts';
import { addDays, ageOn, daysBetween, isCalendarDay, nextWorkday, WallClock } from './calendar.ts';
import { makeHousehold, type Demographics } from './demographics.ts';
import { emptyHistory, makeHistory } from './history.ts';
import { PhoneBook, practiceProfile, type PracticeProfile } from './places.ts';
import type { DemoAppointment, DemoPatient, DemoPractice, DemoStaff, Lifecycle } from './practice.ts';
import { Random } from './random.ts';
import { repeatByMistake } from './duplicates.ts';
import { AppointmentBook, makeVisits, visitKind, visitMinutes, visitReason, type Visit } from './visits.ts';

export type PracticeRequest = {
  seed: string;
  slug: string;
  /** How many records, duplicates included. */
  patients: number;
  /** `YYYY-MM-DD`; everything is dated relative to it. */
  today: string;
  staff: readonly DemoStaff[];
};

type Office = { profile: PracticeProfile; clock: WallClock; book: AppointmentBook; today: string; owners: string[]; practitioners: string[]; appointments: DemoAppointment[] };

/** Appointments older than this stay in the history alone. */
const SHOWN_DAYS = 540;

/**
 * A practice as it stands on `today`: the same request gives the same objects, to the byte, on any machine.
 * @throws RangeError when `today` is no calendar day, `patients` no count or the staff lacks anyone to own a patient.
 */
export function generatePractice(request: PracticeRequest): DemoPractice {
  const { seed, slug, patients: count, today, staff } = request;
  if (!isCalendarDay(today)) throw new RangeError(`today must be a day as YYYY-MM-DD, not ${today}`);
  if (!Number.isInteger(count) || count < 0) throw new RangeError(`patients must be a whole number of 0 or more, not ${count}`);
  const owners = staff.filter((person) => person.role === 'AGENT' || person.role === 'MANAGER').map((person) => person.id);
  if (owners.length === 0) throw new RangeError('staff must hold at least one person with role AGENT or MANAGER');

  const random = new Random(`${seed}/${slug}`);
  const profile = practiceProfile(slug);
  const clock = new WallClock(profile.timeZone);
  const office: Office = { profile, clock, book: new AppointmentBook(clock), today, owners, practitioners: owners, appointments: [] };

  const repeated = Math.floor(count * 0.03);
  const people = makePeople(random, office, count - repeated);
  const patients = people.map((person, index) => makePatient(random.fork(`patient ${index}`), office, person, index));
  patients.push(...repeatByMistake(random.fork('duplicates'), profile, patients, repeated, today));
  office.appointments.sort((a, b) => a.startsAt.localeCompare(b.startsAt) || a.practitionerId.localeCompare(b.practitionerId));
  return { profile, patients, appointments: office.appointments };
}

function makePeople(random: Random, office: Office, count: number): Demographics[] {
  const phones = new PhoneBook(random.fork('phones'), office.profile);
  const people: Demographics[] = [];
  for (let house = 0; people.length < count; house++) people.push(...makeHousehold(random.fork(`house ${house}`), office.profile, phones, office.today));
  return random.fork('order').shuffled(people.slice(0, count));
}

function makePatient(random: Random, office: Office, person: Demographics, index: number): DemoPatient {
  const { profile, today } = office;
  const age = ageOn(person.birthDate, today);
  const status = pickStatus(random, age);
  const registeredOn = pickRegistration(random, person.birthDate, status, today);
  const lastDay = pickLastDay(random, status, registeredOn, today);
  const ownerId = random.pick(office.owners);
  const practitionerId = random.chance(0.8) ? ownerId : random.pick(office.practitioners);
  const visits = status === 'new' ? [] : makeVisits(random, office.book, person.birthDate, practitionerId, registeredOn, lastDay);
  const deceasedDate = status === 'deceased' ? addDays(lastDay, random.int(0, Math.min(60, daysBetween(lastDay, today) - 1))) : null;
  const history = status === 'new' ? emptyHistory() : makeHistory(random.fork('history'), person, visits, lastDay);
  const key = `p${String(index + 1).padStart(4, '0')}`;
  const mrn = `${profile.mrnPrefix}-${100_000 + index * 7 + 11}`;
  if (status !== 'deceased' && status !== 'inactive') bookAhead(random, office, key, practitionerId, age, status);
  showVisits(random, office, key, visits);
  const activities = makeActivities({
    random, clock: office.clock, authors: [ownerId, practitionerId, random.pick(office.owners)], from: registeredOn, until: lastDay, today, history,
    isLiving: status === 'active' || status === 'new',
  });
  return {
    key, mrn, identifiers: [{ type: 'MR', system: profile.oid, value: mrn }], ...person, status, deceasedDate, mergedInto: null, duplicateOf: null, ownerId,
    tags: pickTags(random, person, age, history.conditions.length), notes: random.chance(0.18) ? random.pick(NOTES) : null, registeredOn, history, activities,
  };
}

const NOTES = [
  'Hard of hearing; speak slowly on the phone.',
  'Please call after 5 pm.',
  'Uses a wheelchair; room 2 or 4.',
  'Anxious about needles.',
  'Son has power of attorney; copy on file.',
  'Prefers written instructions in large print.',
  'Works night shifts; no calls before noon.',
];

function pickStatus(random: Random, age: number): Lifecycle {
  return random.weighted([['active', 82], ['new', 6], ['inactive', 9], ['deceased', age >= 68 ? 9 : 0]] as const);
}

function pickRegistration(random: Random, birthDate: string, status: Lifecycle, today: string): string {
  const lived = daysBetween(birthDate, today);
  if (status === 'new') return addDays(today, -Math.min(lived, random.int(0, 30)));
  const oldest = Math.min(lived, 365 * 11);
  const youngest = Math.min(oldest, status === 'active' ? 40 : 365 * 4);
  return addDays(today, -random.int(youngest, oldest));
}

/** The day up to which there is anything on record: inactive people have not been seen for three years. */
function pickLastDay(random: Random, status: Lifecycle, registeredOn: string, today: string): string {
  const known = daysBetween(registeredOn, today);
  if (status === 'inactive') return addDays(today, -Math.min(known, random.int(365 * 3, 365 * 4)));
  if (status === 'deceased') return addDays(today, -Math.max(1, Math.min(known, random.int(20, 900))));
  return addDays(today, -1);
}

/** Past visits as appointments, and now and then one that was missed or called off. */
function showVisits(random: Random, office: Office, patientKey: string, visits: readonly Visit[]): void {
  const { timeZone } = office.clock;
  for (const { date, startsAt, endsAt, practitionerId, reason } of visits.filter((visit) => daysBetween(visit.date, office.today) < SHOWN_DAYS)) {
    office.appointments.push({ patientKey, practitionerId, startsAt, endsAt, timeZone, status: 'fulfilled', reason });
    if (!random.chance(0.12)) continue;
    const missed = office.book.book(random, practitionerId, nextWorkday(addDays(date, -random.int(9, 20))), 20);
    const times = { startsAt: missed.startsAt, endsAt: missed.endsAt };
    office.appointments.push({ patientKey, practitionerId, ...times, timeZone, status: random.pick(['cancelled', 'noshow']), reason });
  }
}

/** What lies ahead, today included even on a weekend, so that the day's page is never empty. */
function bookAhead(random: Random, office: Office, patientKey: string, practitionerId: string, age: number, status: Lifecycle): void {
  const isToday = random.chance(0.05);
  if (!isToday && !random.chance(status === 'new' ? 0.85 : 0.34)) return;
  const kind = status === 'new' ? 'checkup' : visitKind(random);
  const reason = status === 'new' ? 'First visit' : visitReason(random, kind, age);
  const ahead = nextWorkday(addDays(office.today, 1 + Math.floor(80 * random.fraction() ** 1.8)));
  const { startsAt, endsAt } = office.book.book(random, practitionerId, isToday ? office.today : ahead, visitMinutes(kind));
  const isCancelled = !isToday && random.chance(0.05);
  office.appointments.push({ patientKey, practitionerId, startsAt, endsAt, timeZone: office.clock.timeZone, status: isCancelled ? 'cancelled' : 'booked', reason });
}

function pickTags(random: Random, person: Demographics, age: number, problems: number): string[] {
  const tags: string[] = [];
  if (age < 18) tags.push('pediatric');
  if (age >= 80) tags.push('geriatric');
  if (problems >= 4) tags.push('care management');
  if (person.language !== 'en' && random.chance(0.7)) tags.push('interpreter');
  if (random.chance(0.06)) tags.push('vip');
  if (random.chance(0.05)) tags.push('fall risk');
  return tags;
}
