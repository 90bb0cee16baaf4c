import type { Entry } from './ccda-entries.ts';
import { templates, textReference } from '../clinical/writer/elements.ts';
import { code, day } from './ccda-types.ts';
import type { Result, ResultPanel } from './laboratory.ts';
import type { Random } from './random.ts';
import type { VitalSigns } from './vitals.ts';
import { el, type Xml } from '../clinical/writer/xml.ts';

/** Result Organizer (4.1) with its Result Observations (4.2). */
export function panelEntry(random: Random, panel: ResultPanel, rowId: string): Entry {
  const written = panel.results.map((each) => `${each.name}: ${each.value} ${each.unit}${flag(each) === 'N' ? '' : ` (${flag(each)})`}`);
  return {
    row: { id: rowId, cells: [panel.name, panel.date, written.join('; ')] },
    xml: el('organizer', { classCode: 'BATTERY', moodCode: 'EVN' },
      ...templates('2.16.840.1.113883.10.20.22.4.1:2015-08-01'), el('id', { root: random.uuid() }),
      code('code', 'loinc', panel.loinc, panel.name), el('statusCode', { code: 'completed' }),
      el('effectiveTime', {}, el('low', { value: day(panel.date) }), el('high', { value: day(panel.date) })),
      panel.results.map((result) => el('component', {}, resultObservation(random, result, panel.date, rowId)))),
  };
}

function resultObservation(random: Random, result: Result, date: string, rowId: string): Xml {
  const { low, high, unit } = result;
  return el('observation', { classCode: 'OBS', moodCode: 'EVN' },
    ...templates('2.16.840.1.113883.10.20.22.4.2:2015-08-01'), el('id', { root: random.uuid() }),
    code('code', 'loinc', result.loinc, result.name), textReference(rowId), el('statusCode', { code: 'completed' }),
    el('effectiveTime', { value: day(date) }),
    el('value', { 'xsi:type': 'PQ', value: String(result.value), unit }),
    code('interpretationCode', 'interpretation', flag(result), { L: 'Low', N: 'Normal', H: 'High' }[flag(result)]),
    el('referenceRange', {}, el('observationRange', {}, el('value', { 'xsi:type': 'IVL_PQ' },
      low === null ? null : el('low', { value: String(low), unit }),
      high === null ? null : el('high', { value: String(high), unit })))));
}

function flag({ value, low, high }: Result): 'L' | 'N' | 'H' {
  if (low !== null && value < low) return 'L';
  return high !== null && value > high ? 'H' : 'N';
}

type Measure = readonly [loinc: string, name: string, unit: string, value: (vitals: VitalSigns) => number | null];

/** Vital Sign Result Type value set (2.16.840.1.113883.3.88.12.80.62), units in UCUM. */
const MEASURES: readonly Measure[] = [
  ['8302-2', 'Body height', 'cm', (vitals) => vitals.heightCm],
  ['29463-7', 'Body weight', 'kg', (vitals) => vitals.weightKg],
  ['39156-5', 'Body mass index (BMI) [Ratio]', 'kg/m2', (vitals) => vitals.bmi],
  ['8480-6', 'Systolic blood pressure', 'mm[Hg]', (vitals) => vitals.systolic],
  ['8462-4', 'Diastolic blood pressure', 'mm[Hg]', (vitals) => vitals.diastolic],
  ['8867-4', 'Heart rate', '/min', (vitals) => vitals.heartRate],
  ['9279-1', 'Respiratory rate', '/min', (vitals) => vitals.respiratoryRate],
  ['8310-5', 'Body temperature', 'Cel', (vitals) => vitals.temperatureC],
  ['2708-6', 'Oxygen saturation in Arterial blood', '%', (vitals) => vitals.oxygenSaturation],
];

/** Vital Signs Organizer (4.26) with its Vital Sign Observations (4.27). */
export function vitalsEntry(random: Random, vitals: VitalSigns, rowId: string): Entry {
  const taken = MEASURES.flatMap(([loinc, name, unit, read]) => {
    const value = read(vitals);
    return value === null ? [] : [{ loinc, name, unit, value: String(value) }];
  });
  return {
    row: { id: rowId, cells: [vitals.date, taken.map((each) => `${each.name}: ${each.value} ${each.unit}`).join('; ')] },
    xml: el('organizer', { classCode: 'CLUSTER', moodCode: 'EVN' },
      ...templates('2.16.840.1.113883.10.20.22.4.26:2015-08-01'), el('id', { root: random.uuid() }),
      code('code', 'snomed', '46680005', 'Vital signs', code('translation', 'loinc', '74728-7', 'Vital signs, weight, height, head circumference, oxygen saturation and BMI panel')),
      el('statusCode', { code: 'completed' }),
      el('effectiveTime', {}, el('low', { value: day(vitals.date) }), el('high', { value: day(vitals.date) })),
      taken.map(({ loinc, name, unit, value }) => el('component', {}, el('observation', { classCode: 'OBS', moodCode: 'EVN' },
        ...templates('2.16.840.1.113883.10.20.22.4.27:2014-06-09'), el('id', { root: random.uuid() }),
        code('code', 'loinc', loinc, name), textReference(rowId), el('statusCode', { code: 'completed' }),
        el('effectiveTime', { value: day(vitals.date) }), el('value', { 'xsi:type': 'PQ', value, unit }))))),
  };
}
