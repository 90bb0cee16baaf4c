import { describeAllergy, pickAllergies, type Allergy, type AllergyKind } from './allergies.ts';
import { addDays, ageOn, daysBetween } from './calendar.ts';
import { CONDITIONS, OBESITY, type ConditionKind, type Drug } from './conditions.ts';
import { makeBody } from './growth.ts';
import { makeImmunizations, type Immunization } from './immunizations.ts';
import { drawPanel, type PanelName, type ResultPanel } from './laboratory.ts';
import type { Sex } from './names.ts';
import { makeProcedures, type Procedure } from './procedures.ts';
import type { Random } from './random.ts';
import { measureVitals, type VitalSigns } from './vitals.ts';
import type { Visit } from './visits.ts';

export type Condition = { snomed: string; icd10: string; name: string; onsetDate: string; resolvedDate: string | null };
export type Medication = Omit<Drug, 'rxnorm'> & { rxnorm: string; startDate: string; endDate: string | null; reasonSnomed: string };
export type Encounter = Visit & { diagnosis: Condition | null };
export type SmokingStatus = 'never' | 'former' | 'daily';

/** All lists run from old to new; days as `YYYY-MM-DD`. Nothing lies before birth nor after `until`. */
export type ClinicalHistory = {
  conditions: Condition[];
  medications: Medication[];
  allergies: Allergy[];
  immunizations: Immunization[];
  panels: ResultPanel[];
  vitals: VitalSigns[];
  procedures: Procedure[];
  encounters: Encounter[];
  smoking: { status: SmokingStatus; asOf: string } | null;
};

type Subject = { sex: Sex; birthDate: string };

const WARFARIN = '855332';

/** A record that nobody has written anything clinical into. */
export function emptyHistory(): ClinicalHistory {
  return { conditions: [], medications: [], allergies: [], immunizations: [], panels: [], vitals: [], procedures: [], encounters: [], smoking: null };
}

/**
 * A history that hangs together: drugs follow conditions and spare allergies, blood and blood pressure follow both,
 * height and weight follow one body through life.
 */
export function makeHistory(random: Random, subject: Subject, visits: readonly Visit[], until: string): ClinicalHistory {
  const body = makeBody(random, subject.sex, subject.birthDate);
  const age = ageOn(subject.birthDate, until);
  const allergyKinds = pickAllergies(random, age);
  const kinds = pickConditions(random, subject.sex, age);
  const conditions = kinds.map((kind) => datedCondition(random, kind, subject, visits, until));
  if (age >= 20 && body.adultBmi >= 30) conditions.push({ ...OBESITY, onsetDate: addDays(until, -random.int(300, 2500)), resolvedDate: null });
  const medications = kinds.flatMap((kind, index) => prescribe(random, kind, conditions[index] as Condition, allergyKinds, until));
  const bornOn = subject.birthDate;
  const onDay = (date: string) => ({
    has: new Set(conditions.filter((each) => each.onsetDate <= date && (each.resolvedDate === null || each.resolvedDate >= date)).map((each) => each.snomed)),
    treated: new Set(medications.filter((each) => addDays(each.startDate, 30) <= date && (each.endDate ?? until) >= date).map((each) => each.reasonSnomed)),
  });
  const recent = visits.slice(-8);
  return {
    conditions: byDate(conditions, (each) => each.onsetDate),
    medications: byDate(medications, (each) => each.startDate),
    allergies: allergyKinds.map((kind) => describeAllergy(random, kind, addDays(bornOn, random.int(200, Math.max(201, daysBetween(bornOn, until) - 1))))).filter((each) => each.onsetDate <= until),
    immunizations: makeImmunizations(random, bornOn, until),
    panels: makePanels(random, subject, kinds, medications, visits, onDay),
    vitals: recent.map((visit) => ({ visit, ...onDay(visit.date) })).map(({ visit, has, treated }) => measureVitals(random, body, visit.date, has, treated)),
    procedures: byDate(makeProcedures(random, subject, new Set(conditions.map((each) => each.snomed)), until), (each) => each.date),
    encounters: visits.map((visit) => ({ ...visit, diagnosis: diagnose(random, visit, conditions) })),
    smoking: age >= 13 && visits.length > 0 ? { status: pickSmoking(random, age), asOf: (visits.at(-1) as Visit).date } : null,
  };
}

function pickConditions(random: Random, sex: Sex, age: number): ConditionKind[] {
  return CONDITIONS.filter((kind) => (kind.sex ?? sex) === sex && age >= kind.onset && random.chance(kind.prevalence(age)));
}

/** Chronic ones began up to twelve years ago; acute ones began around a visit, and passed. */
function datedCondition(random: Random, kind: ConditionKind, subject: Subject, visits: readonly Visit[], until: string): Condition {
  const { snomed, icd10, name } = kind;
  const earliest = addDays(subject.birthDate, Math.round(kind.onset * 365.25) + 10);
  const longest = Math.max(0, Math.min(daysBetween(earliest, until), kind.lastsDays ? 900 : 4380));
  const sick = visits.filter((visit) => visit.kind === 'problem' && visit.date >= earliest && visit.date > addDays(until, -900));
  const onsetDate = kind.lastsDays && sick.length > 0 ? later(earliest, addDays(random.pick(sick).date, -random.int(0, 2))) : addDays(until, -random.int(0, longest));
  if (!kind.lastsDays) return { snomed, icd10, name, onsetDate, resolvedDate: null };
  const end = addDays(onsetDate, random.int(...kind.lastsDays));
  return { snomed, icd10, name, onsetDate, resolvedDate: end <= until ? end : null };
}

/** The first drug the patient tolerates; in one chronic case of five it was later replaced by the next. */
function prescribe(random: Random, kind: ConditionKind, condition: Condition, allergies: readonly AllergyKind[], until: string): Medication[] {
  const blocked = allergies.flatMap((allergy) => allergy.blocks);
  const [first, second] = random.shuffled(kind.drugs.filter((drug) => !blocked.some((ingredient) => drug.name.includes(ingredient))));
  if (!first) return [];
  const startDate = earlier(addDays(condition.onsetDate, kind.lastsDays ? random.int(0, 2) : random.int(0, 40)), until);
  const make = (drug: Drug, from: string, to: string | null): Medication => ({ ...drug, startDate: from, endDate: to, reasonSnomed: condition.snomed });
  if (kind.lastsDays) return [make(first, startDate, earlier(addDays(startDate, 10), until))];
  const length = daysBetween(startDate, until);
  if (!second || length < 200 || !random.chance(0.2)) return [make(first, startDate, null)];
  const change = addDays(startDate, random.int(60, length - 30));
  return [make(first, startDate, change), make(second, change, null)];
}

type OnDay = (date: string) => { has: Set<string>; treated: Set<string> };

/** At check-ups and follow-ups of the last four years: what the conditions ask for, and from 40 on the usual two. */
function makePanels(random: Random, subject: Subject, kinds: readonly ConditionKind[], medications: readonly Medication[], visits: readonly Visit[], onDay: OnDay): ResultPanel[] {
  const out: ResultPanel[] = [];
  for (const visit of visits.slice(-10).filter((each) => each.kind !== 'problem')) {
    const { has, treated } = onDay(visit.date);
    const wanted = new Set<PanelName>(kinds.filter((kind) => has.has(kind.snomed)).flatMap((kind) => kind.panels ?? []));
    if (ageOn(subject.birthDate, visit.date) >= 40 && visit.kind === 'checkup') wanted.add('lipid').add('metabolic').add('cbc');
    const onWarfarin = medications.some((each) => each.rxnorm === WARFARIN && each.startDate < visit.date && (each.endDate ?? visit.date) >= visit.date);
    if (!onWarfarin) wanted.delete('inr');
    for (const panel of wanted) out.push(drawPanel(random, panel, { ...subject, date: visit.date, has, treated }));
  }
  return out;
}

function diagnose(random: Random, visit: Visit, conditions: readonly Condition[]): Condition | null {
  const present = conditions.filter((each) => each.onsetDate <= visit.date && (each.resolvedDate === null || each.resolvedDate >= visit.date));
  const acute = present.find((each) => each.resolvedDate !== null);
  if (visit.kind === 'problem' && acute) return acute;
  return visit.kind === 'checkup' || present.length === 0 ? null : random.pick(present);
}

function pickSmoking(random: Random, age: number): SmokingStatus {
  return random.weighted([['never', age < 25 ? 92 : 62], ['former', age < 25 ? 2 : 26], ['daily', age < 18 ? 1 : 12]] as const);
}

function byDate<T>(list: readonly T[], date: (each: T) => string): T[] {
  return list.toSorted((a, b) => date(a).localeCompare(date(b)));
}

const earlier = (a: string, b: string): string => (a < b ? a : b);
const later = (a: string, b: string): string => (a > b ? a : b);
