import { ageOn } from './calendar.ts';
import { round } from './growth.ts';
import type { Sex } from './names.ts';
import type { Random } from './random.ts';

/** LOINC coded; units are UCUM; `low`/`high` are the reference range, open when null. */
export type Result = { loinc: string; name: string; value: number; unit: string; low: number | null; high: number | null };
export type PanelName = 'lipid' | 'metabolic' | 'a1c' | 'cbc' | 'tsh' | 'inr' | 'ferritin';
export type ResultPanel = { loinc: string; name: string; date: string; results: Result[] };

/** What about the person bears upon the blood: the SNOMED codes present on that day, and those under treatment. */
export type BloodContext = { sex: Sex; birthDate: string; date: string; has: ReadonlySet<string>; treated: ReadonlySet<string> };

const DIABETES = '44054006';
const LIPIDS = '55822004';
const KIDNEY = '433144002';
const THYROID = '40930008';
const ANEMIA = '87522002';

const normal = (random: Random, mean: number, deviation: number, digits: number): number =>
  round(Math.max(mean * 0.4, random.normal(mean, deviation)), digits);

const PANELS: Record<PanelName, { loinc: string; name: string; draw: (random: Random, context: BloodContext) => Result[] }> = {
  lipid: { loinc: '24331-1', name: 'Lipid 1996 panel - Serum or Plasma', draw: drawLipids },
  metabolic: { loinc: '24321-2', name: 'Basic metabolic 2000 panel - Serum or Plasma', draw: drawMetabolic },
  cbc: { loinc: '58410-2', name: 'CBC panel - Blood by Automated count', draw: drawCounts },
  a1c: { loinc: '4548-4', name: 'Hemoglobin A1c/Hemoglobin.total in Blood', draw: drawA1c },
  tsh: { loinc: '3016-3', name: 'Thyrotropin [Units/volume] in Serum or Plasma', draw: drawThyrotropin },
  inr: { loinc: '6301-6', name: 'INR in Platelet poor plasma by Coagulation assay', draw: drawInr },
  ferritin: { loinc: '2276-4', name: 'Ferritin [Mass/volume] in Serum or Plasma', draw: drawFerritin },
};

export function drawPanel(random: Random, panel: PanelName, context: BloodContext): ResultPanel {
  const { loinc, name, draw } = PANELS[panel];
  return { loinc, name, date: context.date, results: draw(random, context) };
}

function drawLipids(random: Random, { has, treated }: BloodContext): Result[] {
  const ldlMean = has.has(LIPIDS) ? (treated.has(LIPIDS) ? 98 : 158) : 108;
  const hdl = normal(random, 51, 11, 0);
  const triglycerides = Math.min(390, normal(random, has.has(DIABETES) ? 178 : 122, 40, 0));
  const ldl = Math.max(35, normal(random, ldlMean, 18, 0));
  return [
    // Friedewald backwards, so that the four agree: total = LDL + HDL + triglycerides / 5.
    { loinc: '2093-3', name: 'Cholesterol', value: Math.round(ldl + hdl + triglycerides / 5), unit: 'mg/dL', low: null, high: 200 },
    { loinc: '2571-8', name: 'Triglyceride', value: triglycerides, unit: 'mg/dL', low: null, high: 150 },
    { loinc: '2085-9', name: 'Cholesterol in HDL', value: hdl, unit: 'mg/dL', low: 40, high: null },
    { loinc: '13457-7', name: 'Cholesterol in LDL (calculated)', value: ldl, unit: 'mg/dL', low: null, high: 130 },
  ];
}

function drawMetabolic(random: Random, { sex, birthDate, date, has, treated }: BloodContext): Result[] {
  const glucose = normal(random, has.has(DIABETES) ? (treated.has(DIABETES) ? 139 : 178) : 92, has.has(DIABETES) ? 22 : 7, 0);
  const creatinine = normal(random, has.has(KIDNEY) ? (sex === 'male' ? 1.65 : 1.3) : sex === 'male' ? 0.98 : 0.78, has.has(KIDNEY) ? 0.08 : 0.1, 2);
  const results: Result[] = [
    { loinc: '2345-7', name: 'Glucose', value: glucose, unit: 'mg/dL', low: 70, high: 99 },
    { loinc: '3094-0', name: 'Urea nitrogen', value: normal(random, has.has(KIDNEY) ? 29 : 14, 3.2, 0), unit: 'mg/dL', low: 7, high: 20 },
    { loinc: '2160-0', name: 'Creatinine', value: creatinine, unit: 'mg/dL', low: sex === 'male' ? 0.7 : 0.5, high: sex === 'male' ? 1.3 : 1.1 },
    { loinc: '2951-2', name: 'Sodium', value: normal(random, 139.5, 1.9, 0), unit: 'mmol/L', low: 136, high: 145 },
    { loinc: '2823-3', name: 'Potassium', value: normal(random, has.has(KIDNEY) ? 4.7 : 4.2, 0.28, 1), unit: 'mmol/L', low: 3.5, high: 5.1 },
    { loinc: '2075-0', name: 'Chloride', value: normal(random, 102, 2, 0), unit: 'mmol/L', low: 98, high: 107 },
    { loinc: '2028-9', name: 'Carbon dioxide, total', value: normal(random, 25.5, 1.7, 0), unit: 'mmol/L', low: 22, high: 30 },
    { loinc: '17861-6', name: 'Calcium', value: normal(random, 9.4, 0.3, 1), unit: 'mg/dL', low: 8.6, high: 10.3 },
  ];
  const age = ageOn(birthDate, date);
  if (age >= 18) results.push({ loinc: '98979-8', name: 'eGFR (CKD-EPI 2021)', value: estimateFiltration(creatinine, age, sex), unit: 'mL/min/{1.73_m2}', low: 60, high: null });
  return results;
}

/** CKD-EPI 2021 without race (Inker et al., NEJM 385:1737), whole mL/min/1.73 m². */
export function estimateFiltration(creatinine: number, age: number, sex: Sex): number {
  const kappa = sex === 'female' ? 0.7 : 0.9;
  const alpha = sex === 'female' ? -0.241 : -0.302;
  const ratio = creatinine / kappa;
  return Math.round(142 * Math.min(ratio, 1) ** alpha * Math.max(ratio, 1) ** -1.2 * 0.9938 ** age * (sex === 'female' ? 1.012 : 1));
}

function drawCounts(random: Random, { sex, has, treated }: BloodContext): Result[] {
  const anemic = has.has(ANEMIA) && !treated.has(ANEMIA);
  const hemoglobin = normal(random, anemic ? 10.2 : sex === 'male' ? 14.9 : 13.3, 0.7, 1);
  return [
    { loinc: '6690-2', name: 'Leukocytes', value: normal(random, 6.9, 1.4, 1), unit: '10*3/uL', low: 4.5, high: 11 },
    { loinc: '718-7', name: 'Hemoglobin', value: hemoglobin, unit: 'g/dL', low: sex === 'male' ? 13.5 : 12, high: sex === 'male' ? 17.5 : 15.5 },
    { loinc: '4544-3', name: 'Hematocrit', value: round(hemoglobin * 2.98, 1), unit: '%', low: sex === 'male' ? 40 : 36, high: sex === 'male' ? 52 : 46 },
    { loinc: '787-2', name: 'Erythrocyte mean corpuscular volume', value: normal(random, anemic ? 74 : 89, 3, 0), unit: 'fL', low: 80, high: 100 },
    { loinc: '777-3', name: 'Platelets', value: normal(random, 252, 48, 0), unit: '10*3/uL', low: 150, high: 400 },
  ];
}

function drawA1c(random: Random, { has, treated }: BloodContext): Result[] {
  const value = has.has(DIABETES) ? normal(random, treated.has(DIABETES) ? 7 : 8.6, 0.6, 1) : normal(random, 5.4, 0.2, 1);
  return [{ loinc: '4548-4', name: 'Hemoglobin A1c', value: Math.max(4.5, value), unit: '%', low: null, high: 5.6 }];
}

function drawThyrotropin(random: Random, { has, treated }: BloodContext): Result[] {
  const value = has.has(THYROID) && !treated.has(THYROID) ? normal(random, 8.9, 1.5, 2) : normal(random, 2.2, 0.7, 2);
  return [{ loinc: '3016-3', name: 'Thyrotropin', value, unit: 'm[IU]/L', low: 0.4, high: 4.5 }];
}

function drawInr(random: Random): Result[] {
  return [{ loinc: '6301-6', name: 'INR', value: normal(random, 2.4, 0.3, 1), unit: '{INR}', low: 2, high: 3 }];
}

function drawFerritin(random: Random, { has, treated }: BloodContext): Result[] {
  const low = has.has(ANEMIA) && !treated.has(ANEMIA);
  return [{ loinc: '2276-4', name: 'Ferritin', value: normal(random, low ? 8 : 64, low ? 2 : 20, 0), unit: 'ng/mL', low: 13, high: 150 }];
}
