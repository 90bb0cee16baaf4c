import { addDays } from './calendar.ts';
import { emptyHistory } from './history.ts';
import { nicknameOf } from './names.ts';
import type { PracticeProfile } from './places.ts';
import type { DemoPatient } from './practice.ts';
import type { Random } from './random.ts';

/**
 * Records made twice, as front desks make them: a nickname, a slip of the keys, day and month exchanged. Every third has
 * been merged already (status `merged`), the others wait to be found.
 */
export function repeatByMistake(random: Random, profile: PracticeProfile, patients: readonly DemoPatient[], count: number, today: string): DemoPatient[] {
  const originals = random.shuffled(patients.filter((patient) => patient.status === 'active')).slice(0, count);
  return originals.map((original, index) => {
    const isMerged = index % 3 === 2;
    const number = patients.length + index;
    const mrn = `${profile.mrnPrefix}-${100_000 + number * 7 + 11}`;
    return {
      ...original,
      key: `p${String(number + 1).padStart(4, '0')}`,
      mrn,
      identifiers: [{ type: 'MR', system: profile.oid, value: mrn }],
      ...slip(random, original),
      phones: original.phones.slice(0, 1).map((phone) => ({ ...phone })),
      emails: random.chance(0.5) ? [] : original.emails.map((email) => ({ ...email })),
      status: isMerged ? 'merged' : 'new',
      mergedInto: isMerged ? original.key : null,
      duplicateOf: isMerged ? null : original.key,
      tags: [],
      notes: null,
      registeredOn: addDays(today, -random.int(2, 25)),
      history: emptyHistory(),
      activities: [],
    };
  });
}

function slip(random: Random, { name, birthDate }: DemoPatient): Pick<DemoPatient, 'name' | 'birthDate'> {
  const [year = '', month = '', day = ''] = birthDate.split('-');
  const kind = random.pick(['nickname', 'letters', 'swapped', 'accents'] as const);
  if (kind === 'swapped' && Number(day) <= 12 && day !== month) return { name: { ...name, middle: null }, birthDate: `${year}-${day}-${month}` };
  if (kind === 'letters' && name.family.length > 4) {
    const at = random.int(1, name.family.length - 3);
    const family = name.family.slice(0, at) + name.family.charAt(at + 1) + name.family.charAt(at) + name.family.slice(at + 2);
    return { name: { ...name, family, middle: null }, birthDate };
  }
  const nickname = nicknameOf(name.given);
  if (kind === 'nickname' && nickname) return { name: { ...name, given: nickname, middle: null, preferred: null }, birthDate };
  const bare = (text: string): string => text.normalize('NFD').replace(/\p{M}/gu, '');
  return { name: { ...name, given: bare(name.given), family: bare(name.family), middle: null, preferred: null }, birthDate };
}
