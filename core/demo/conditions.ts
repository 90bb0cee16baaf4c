import type { Sex } from './names.ts';

/** SNOMED CT and ICD-10-CM for problems, RxNorm for drugs: the value sets C-CDA R2.1 binds them to. */
export type Drug = { rxnorm: string; name: string; sig: string; route: 'oral' | 'inhaled' | 'topical'; dose: { value: number; unit: string }; everyHours: number | null };

export type ConditionKind = {
  snomed: string;
  icd10: string;
  name: string;
  sex?: Sex;
  /** Chance that a person of that age has it (chronic) or had it in the last few years (acute). */
  prevalence: (age: number) => number;
  /** Youngest age of onset. */
  onset: number;
  /** Days it lasts; absent for what stays. */
  lastsDays?: readonly [number, number];
  drugs: readonly Drug[];
  panels?: readonly ('lipid' | 'metabolic' | 'a1c' | 'cbc' | 'tsh' | 'inr' | 'ferritin')[];
};

const pill = (rxnorm: string, name: string, sig = 'Take 1 tablet by mouth once daily', everyHours: number | null = 24): Drug => ({
  rxnorm, name, sig, everyHours, route: 'oral', dose: { value: 1, unit: '1' },
});
const puff = (rxnorm: string, name: string, sig: string, everyHours: number | null): Drug => ({
  rxnorm, name, sig, everyHours, route: 'inhaled', dose: { value: 2, unit: '1' },
});

/** Nothing before `from`, then rising evenly to `top` at `to`. */
const rising = (from: number, to: number, top: number) => (age: number): number =>
  age < from ? 0 : top * Math.min(1, (age - from + 1) / (to - from + 1));
const between = (from: number, to: number, level: number) => (age: number): number => (age >= from && age <= to ? level : 0);

/** Obesity is not here: the body decides it (BMI ≥ 30), not chance. */
export const CONDITIONS: readonly ConditionKind[] = [
  { snomed: '59621000', icd10: 'I10', name: 'Essential hypertension', prevalence: rising(30, 80, 0.68), onset: 28, panels: ['metabolic'],
    drugs: [pill('314076', 'lisinopril 10 MG Oral Tablet'), pill('197361', 'amlodipine 5 MG Oral Tablet'), pill('310798', 'hydrochlorothiazide 25 MG Oral Tablet')] },
  { snomed: '55822004', icd10: 'E78.5', name: 'Hyperlipidemia', prevalence: rising(35, 75, 0.5), onset: 32, panels: ['lipid'],
    drugs: [pill('617310', 'atorvastatin 20 MG Oral Tablet', 'Take 1 tablet by mouth at bedtime'), pill('314231', 'simvastatin 10 MG Oral Tablet', 'Take 1 tablet by mouth at bedtime')] },
  { snomed: '44054006', icd10: 'E11.9', name: 'Type 2 diabetes mellitus', prevalence: rising(35, 70, 0.24), onset: 33, panels: ['a1c', 'metabolic', 'lipid'],
    drugs: [pill('861007', 'metformin hydrochloride 500 MG Oral Tablet', 'Take 1 tablet by mouth twice daily with meals', 12)] },
  { snomed: '40930008', icd10: 'E03.9', name: 'Hypothyroidism', prevalence: rising(30, 75, 0.12), onset: 25, panels: ['tsh'],
    drugs: [pill('966222', 'levothyroxine sodium 0.075 MG Oral Tablet', 'Take 1 tablet by mouth every morning before breakfast')] },
  { snomed: '195967001', icd10: 'J45.909', name: 'Asthma', prevalence: (age) => (age < 5 ? 0.03 : age < 40 ? 0.11 : 0.06), onset: 3,
    drugs: [puff('745679', '200 ACTUAT albuterol 0.09 MG/ACTUAT Metered Dose Inhaler', 'Inhale 2 puffs every 6 hours as needed', null)] },
  { snomed: '13645005', icd10: 'J44.9', name: 'Chronic obstructive pulmonary disease', prevalence: rising(55, 80, 0.13), onset: 52,
    drugs: [puff('896209', '60 ACTUAT fluticasone propionate 0.25 MG/ACTUAT / salmeterol 0.05 MG/ACTUAT Dry Powder Inhaler', 'Inhale 1 puff twice daily', 12)] },
  { snomed: '235595009', icd10: 'K21.9', name: 'Gastroesophageal reflux disease', prevalence: rising(25, 60, 0.17), onset: 20,
    drugs: [pill('198051', 'omeprazole 20 MG Delayed Release Oral Capsule', 'Take 1 capsule by mouth daily before breakfast')] },
  { snomed: '370143000', icd10: 'F32.9', name: 'Major depressive disorder', prevalence: between(15, 80, 0.11), onset: 14,
    drugs: [pill('312941', 'sertraline 50 MG Oral Tablet'), pill('349332', 'escitalopram 10 MG Oral Tablet')] },
  { snomed: '21897009', icd10: 'F41.1', name: 'Generalized anxiety disorder', prevalence: between(14, 70, 0.08), onset: 13, drugs: [] },
  { snomed: '37796009', icd10: 'G43.909', name: 'Migraine', prevalence: between(14, 60, 0.1), onset: 12,
    drugs: [pill('310965', 'ibuprofen 200 MG Oral Tablet', 'Take 2 tablets by mouth at onset of headache', null)] },
  { snomed: '239873007', icd10: 'M17.9', name: 'Osteoarthritis of knee', prevalence: rising(50, 80, 0.34), onset: 48,
    drugs: [pill('313782', 'acetaminophen 325 MG Oral Tablet', 'Take 2 tablets by mouth every 6 hours as needed for pain', null)] },
  { snomed: '64859006', icd10: 'M81.0', name: 'Osteoporosis', sex: 'female', prevalence: rising(58, 85, 0.32), onset: 56,
    drugs: [pill('904419', 'alendronic acid 10 MG Oral Tablet', 'Take 1 tablet by mouth every morning, 30 minutes before food')] },
  { snomed: '266569009', icd10: 'N40.0', name: 'Benign prostatic hyperplasia', sex: 'male', prevalence: rising(52, 80, 0.45), onset: 50,
    drugs: [pill('863669', 'tamsulosin hydrochloride 0.4 MG Oral Capsule', 'Take 1 capsule by mouth at bedtime')] },
  { snomed: '53741008', icd10: 'I25.10', name: 'Coronary arteriosclerosis', prevalence: rising(55, 85, 0.2), onset: 54, panels: ['lipid'],
    drugs: [pill('243670', 'aspirin 81 MG Oral Tablet'), pill('309362', 'clopidogrel 75 MG Oral Tablet')] },
  { snomed: '49436004', icd10: 'I48.91', name: 'Atrial fibrillation', prevalence: rising(62, 88, 0.16), onset: 60, panels: ['inr'],
    drugs: [pill('1364445', 'apixaban 5 MG Oral Tablet', 'Take 1 tablet by mouth twice daily', 12), pill('855332', 'warfarin sodium 5 MG Oral Tablet')] },
  { snomed: '84114007', icd10: 'I50.9', name: 'Heart failure', prevalence: rising(66, 90, 0.1), onset: 64, panels: ['metabolic'],
    drugs: [pill('313988', 'furosemide 40 MG Oral Tablet', 'Take 1 tablet by mouth every morning')] },
  { snomed: '433144002', icd10: 'N18.30', name: 'Chronic kidney disease stage 3', prevalence: rising(62, 88, 0.2), onset: 60, panels: ['metabolic'], drugs: [] },
  { snomed: '61582004', icd10: 'J30.9', name: 'Allergic rhinitis', prevalence: between(5, 70, 0.14), onset: 4,
    drugs: [pill('311372', 'loratadine 10 MG Oral Tablet')] },
  { snomed: '24079001', icd10: 'L20.9', name: 'Atopic dermatitis', prevalence: (age) => (age < 12 ? 0.12 : 0.03), onset: 0,
    drugs: [{ rxnorm: '106258', name: 'hydrocortisone 10 MG/ML Topical Cream', sig: 'Apply thinly to affected skin twice daily', route: 'topical', dose: { value: 1, unit: '1' }, everyHours: 12 }] },
  { snomed: '406506008', icd10: 'F90.9', name: 'Attention deficit hyperactivity disorder', prevalence: between(7, 24, 0.08), onset: 6,
    drugs: [pill('1091392', 'methylphenidate hydrochloride 20 MG Oral Tablet', 'Take 1 tablet by mouth every morning')] },
  { snomed: '87522002', icd10: 'D50.9', name: 'Iron deficiency anemia', sex: 'female', prevalence: between(15, 50, 0.07), onset: 14, lastsDays: [120, 400], panels: ['cbc', 'ferritin'],
    drugs: [pill('310325', 'ferrous sulfate 325 MG Oral Tablet')] },
  { snomed: '3110003', icd10: 'H66.90', name: 'Acute otitis media', prevalence: between(0, 8, 0.4), onset: 0, lastsDays: [7, 14],
    drugs: [{ rxnorm: '308182', name: 'amoxicillin 250 MG Oral Capsule', sig: 'Give 1 capsule by mouth three times daily for 10 days', route: 'oral', dose: { value: 1, unit: '1' }, everyHours: 8 }] },
  { snomed: '43878008', icd10: 'J02.0', name: 'Streptococcal sore throat', prevalence: between(4, 30, 0.15), onset: 4, lastsDays: [7, 12],
    drugs: [pill('308192', 'amoxicillin 500 MG Oral Tablet', 'Take 1 tablet by mouth twice daily for 10 days', 12)] },
  { snomed: '68566005', icd10: 'N39.0', name: 'Urinary tract infectious disease', sex: 'female', prevalence: between(18, 90, 0.14), onset: 17, lastsDays: [5, 10],
    drugs: [pill('198335', 'sulfamethoxazole 800 MG / trimethoprim 160 MG Oral Tablet', 'Take 1 tablet by mouth twice daily for 3 days', 12)] },
  { snomed: '54150009', icd10: 'J06.9', name: 'Upper respiratory infection', prevalence: () => 0.3, onset: 0, lastsDays: [6, 14], drugs: [] },
  { snomed: '279039007', icd10: 'M54.50', name: 'Low back pain', prevalence: between(20, 80, 0.2), onset: 19, lastsDays: [14, 90],
    drugs: [pill('310965', 'ibuprofen 200 MG Oral Tablet', 'Take 2 tablets by mouth every 8 hours with food as needed', null)] },
];

export const OBESITY = { snomed: '414916001', icd10: 'E66.9', name: 'Obesity' } as const;
