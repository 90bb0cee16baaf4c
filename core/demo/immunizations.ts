import { addDays, ageOn } from './calendar.ts';
import type { Random } from './random.ts';

export type Immunization = { cvx: string; name: string; date: string; lot: string };

type Dose = { cvx: string; name: string; atDays: readonly number[] };

const MONTH = 30.44;
const YEAR = 365.25;

/** The childhood schedule in outline (CDC, ages 0 to 18): which dose is due at which age in days. */
const CHILDHOOD: readonly Dose[] = [
  { cvx: '08', name: 'Hep B, adolescent or pediatric', atDays: [1, 1.5 * MONTH, 7 * MONTH] },
  { cvx: '20', name: 'DTaP', atDays: [2 * MONTH, 4 * MONTH, 6 * MONTH, 16 * MONTH, 4.5 * YEAR] },
  { cvx: '10', name: 'IPV', atDays: [2 * MONTH, 4 * MONTH, 8 * MONTH, 4.5 * YEAR] },
  { cvx: '49', name: 'Hib (PRP-OMP)', atDays: [2 * MONTH, 4 * MONTH, 13 * MONTH] },
  { cvx: '133', name: 'Pneumococcal conjugate PCV 13', atDays: [2 * MONTH, 4 * MONTH, 6 * MONTH, 13 * MONTH] },
  { cvx: '03', name: 'MMR', atDays: [12.5 * MONTH, 4.5 * YEAR] },
  { cvx: '21', name: 'varicella', atDays: [12.5 * MONTH, 4.5 * YEAR] },
  { cvx: '83', name: 'Hep A, ped/adol, 2 dose', atDays: [13 * MONTH, 20 * MONTH] },
  { cvx: '165', name: 'HPV9', atDays: [11.2 * YEAR, 11.8 * YEAR] },
  { cvx: '114', name: 'meningococcal MCV4P', atDays: [11.2 * YEAR, 16.2 * YEAR] },
  { cvx: '115', name: 'Tdap', atDays: [11.2 * YEAR] },
];

/** What the chart shows: a child's whole schedule, an adult's boosters and yearly flu shots of the last years. */
export function makeImmunizations(random: Random, birthDate: string, until: string): Immunization[] {
  const out: Immunization[] = [];
  const give = (cvx: string, name: string, date: string): void => {
    if (date > birthDate && date <= until) out.push({ cvx, name, date, lot: `${random.pick(['A', 'F', 'K', 'U'])}${random.int(1000, 9999)}${random.pick(['AA', 'B', 'C'])}` });
  };
  const age = ageOn(birthDate, until);
  if (age < 20 && !random.chance(0.04)) {
    for (const { cvx, name, atDays } of CHILDHOOD) {
      for (const due of atDays) give(cvx, name, addDays(birthDate, Math.round(due + random.int(0, due < 100 ? 6 : 25))));
    }
  }
  const takesFluShots = random.chance(age >= 65 ? 0.75 : 0.5);
  for (let back = 0; takesFluShots && back < 5; back++) {
    const date = `${Number(until.slice(0, 4)) - back}-${random.pick(['09', '10', '11'])}-${String(random.int(1, 28)).padStart(2, '0')}`;
    if (ageOn(birthDate, date) >= 1 && random.chance(0.8)) give('140', 'Influenza, split virus, trivalent, preservative free', date);
  }
  const beforeNow = (years: number): string => addDays(until, -Math.round(years * YEAR) + random.int(-200, 200));
  if (age >= 22 && random.chance(0.7)) give('115', 'Tdap', beforeNow(random.int(1, 9)));
  if (age >= 52 && random.chance(0.55)) {
    const first = beforeNow(random.int(1, Math.min(4, age - 50)));
    give('187', 'zoster recombinant', first);
    give('187', 'zoster recombinant', addDays(first, random.int(70, 150)));
  }
  if (age >= 67 && random.chance(0.65)) give('216', 'Pneumococcal conjugate PCV20', beforeNow(1));
  return out.sort((a, b) => a.date.localeCompare(b.date));
}
