import { ageOn } from './calendar.ts';
import { heightOn, round, weightOn, type Body } from './growth.ts';
import type { Random } from './random.ts';

/** One set of measurements at one visit; units UCUM. Keys in the order they are written down. */
export type VitalSigns = {
  date: string;
  heightCm: number;
  weightKg: number;
  bmi: number | null;
  systolic: number | null;
  diastolic: number | null;
  heartRate: number;
  respiratoryRate: number;
  temperatureC: number;
  oxygenSaturation: number;
};

const HYPERTENSION = '59621000';
const LUNGS = '13645005';
const FEVERISH: ReadonlySet<string> = new Set(['3110003', '43878008']);

/** `has`/`treated` are SNOMED codes present or under treatment that day; blood pressure from age 3, BMI from age 2. */
export function measureVitals(random: Random, body: Body, date: string, has: ReadonlySet<string>, treated: ReadonlySet<string>): VitalSigns {
  const age = ageOn(body.birthDate, date);
  const heightCm = heightOn(body, date);
  const weightKg = weightOn(body, date, random.normal(0, 1));
  const resting = age < 1 ? 130 : age < 6 ? 104 : age < 13 ? 86 : 73;
  const breathing = age < 1 ? 38 : age < 6 ? 26 : age < 13 ? 20 : 15;
  const isFeverish = [...has].some((code) => FEVERISH.has(code));
  const systolic = systolicMean(age) + (has.has(HYPERTENSION) ? (treated.has(HYPERTENSION) ? 8 : 27) : 0) + (body.adultBmi - 27) * (age < 18 ? 0 : 0.6);
  const upper = Math.round(random.normal(systolic, 6));
  return {
    date,
    heightCm,
    weightKg,
    bmi: age >= 2 ? round(weightKg / (heightCm / 100) ** 2, 1) : null,
    systolic: age >= 3 ? upper : null,
    diastolic: age >= 3 ? Math.round(upper * random.normal(age > 65 ? 0.58 : 0.64, 0.025)) : null,
    heartRate: Math.round(random.normal(resting + (isFeverish ? 14 : 0), 7)),
    respiratoryRate: Math.round(random.normal(breathing + (has.has(LUNGS) ? 3 : 0), 1.2)),
    temperatureC: round(random.normal(isFeverish ? 38.5 : 36.7, 0.25), 1),
    oxygenSaturation: Math.min(100, Math.round(random.normal(has.has(LUNGS) ? 93 : 98, 1))),
  };
}

function systolicMean(age: number): number {
  return age < 18 ? 90 + age * 1.6 : 112 + Math.max(0, age - 30) * 0.25;
}
