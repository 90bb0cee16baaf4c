import type { Random } from './random.ts';

export type Coded = { code: string; system: 'snomed' | 'rxnorm' | 'loinc' | 'icd10' | 'cvx'; name: string };

export type AllergyKind = { substance: Coded; kind: Coded; reactions: readonly Coded[]; blocks: readonly string[] };
export type Allergy = { substance: Coded; kind: Coded; reaction: Coded; severity: Coded; onsetDate: string };

const snomed = (code: string, name: string): Coded => ({ code, name, system: 'snomed' });
const rxnorm = (code: string, name: string): Coded => ({ code, name, system: 'rxnorm' });

const DRUG = snomed('416098002', 'Allergy to drug');
const FOOD = snomed('414285001', 'Allergy to food');
const SURROUNDINGS = snomed('426232007', 'Environmental allergy');
const SUBSTANCE = snomed('419199007', 'Allergy to substance');
const HIVES = snomed('247472004', 'Weal');
const RASH = snomed('271807003', 'Eruption of skin');
const NAUSEA = snomed('422587007', 'Nausea');
const SNEEZING = snomed('76067001', 'Sneezing');
const SWELLING = snomed('41291007', 'Angioedema');
const ANAPHYLAXIS = snomed('39579001', 'Anaphylaxis');
const MILD = snomed('255604002', 'Mild');
const MODERATE = snomed('6736007', 'Moderate');
const SEVERE = snomed('24484000', 'Severe');

/** `blocks` names the ingredients nobody with this allergy is given. */
const ALLERGIES: readonly (readonly [AllergyKind, number])[] = [
  [{ substance: rxnorm('7984', 'Penicillin V'), kind: DRUG, reactions: [HIVES, RASH, ANAPHYLAXIS], blocks: ['amoxicillin'] }, 9],
  [{ substance: rxnorm('10180', 'Sulfamethoxazole'), kind: DRUG, reactions: [RASH, HIVES], blocks: ['sulfamethoxazole'] }, 4],
  [{ substance: rxnorm('2670', 'Codeine'), kind: DRUG, reactions: [NAUSEA, RASH], blocks: ['codeine'] }, 3],
  [{ substance: rxnorm('5640', 'Ibuprofen'), kind: DRUG, reactions: [HIVES, SWELLING], blocks: ['ibuprofen', 'aspirin'] }, 2],
  [{ substance: snomed('762952008', 'Peanut'), kind: FOOD, reactions: [HIVES, ANAPHYLAXIS], blocks: [] }, 3],
  [{ substance: snomed('735029006', 'Shellfish'), kind: FOOD, reactions: [HIVES, SWELLING], blocks: [] }, 3],
  [{ substance: snomed('256277009', 'Grass pollen'), kind: SURROUNDINGS, reactions: [SNEEZING], blocks: [] }, 6],
  [{ substance: snomed('260147004', 'House dust mite'), kind: SURROUNDINGS, reactions: [SNEEZING], blocks: [] }, 4],
  [{ substance: snomed('288328004', 'Bee venom'), kind: SURROUNDINGS, reactions: [SWELLING, ANAPHYLAXIS], blocks: [] }, 1],
  [{ substance: snomed('111088007', 'Latex'), kind: SUBSTANCE, reactions: [RASH], blocks: [] }, 1],
];

/** None for most people, seldom more than two. */
export function pickAllergies(random: Random, age: number): AllergyKind[] {
  const wanted = age < 1 ? 0 : random.weighted([[0, 66], [1, 25], [2, 8], [3, 1]] as const);
  const picked = new Set<AllergyKind>();
  while (picked.size < wanted) picked.add(random.weighted(ALLERGIES));
  return [...picked];
}

export function describeAllergy(random: Random, kind: AllergyKind, onsetDate: string): Allergy {
  const reaction = random.pick(kind.reactions);
  const severity = reaction === ANAPHYLAXIS ? SEVERE : random.pick([MILD, MILD, MODERATE]);
  return { substance: kind.substance, kind: kind.kind, reaction, severity, onsetDate };
}
