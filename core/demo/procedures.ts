import { addDays, ageOn, daysBetween } from './calendar.ts';
import type { Sex } from './names.ts';
import type { Random } from './random.ts';

/** SNOMED CT coded. */
export type Procedure = { snomed: string; name: string; date: string };

type ProcedureKind = {
  snomed: string;
  name: string;
  /** Ages at which it is done. */
  from: number;
  to: number;
  share: number;
  sex?: Sex;
  /** Only with this problem (SNOMED). */
  because?: string;
};

const PROCEDURES: readonly ProcedureKind[] = [
  { snomed: '73761001', name: 'Colonoscopy', from: 45, to: 75, share: 0.6 },
  { snomed: '71651007', name: 'Mammography', from: 45, to: 74, share: 0.75, sex: 'female' },
  { snomed: '80146002', name: 'Appendectomy', from: 8, to: 45, share: 0.05 },
  { snomed: '173422009', name: 'Tonsillectomy', from: 4, to: 14, share: 0.06 },
  { snomed: '38102005', name: 'Cholecystectomy', from: 30, to: 70, share: 0.07 },
  { snomed: '11466000', name: 'Cesarean section', from: 22, to: 40, share: 0.16, sex: 'female' },
  { snomed: '609588000', name: 'Total replacement of knee joint', from: 58, to: 80, share: 0.22, because: '239873007' },
  { snomed: '54885007', name: 'Extraction of cataract', from: 66, to: 88, share: 0.32 },
  { snomed: '415070008', name: 'Percutaneous coronary intervention', from: 55, to: 85, share: 0.4, because: '53741008' },
];

/** Each once at most, at an age when it is done, never after `until`. */
export function makeProcedures(random: Random, subject: { sex: Sex; birthDate: string }, problems: ReadonlySet<string>, until: string): Procedure[] {
  const age = ageOn(subject.birthDate, until);
  return PROCEDURES.filter((kind) => (kind.sex ?? subject.sex) === subject.sex && age > kind.from && (!kind.because || problems.has(kind.because)))
    .filter((kind) => random.chance(kind.share))
    .map(({ snomed, name, from, to }) => {
      const first = addDays(subject.birthDate, Math.ceil(from * 365.25));
      const last = age > to ? addDays(subject.birthDate, Math.floor(to * 365.25)) : until;
      return { snomed, name, date: addDays(first, random.int(0, daysBetween(first, last))) };
    });
}
