// Names of the codes that C-CDA binds to closed value sets: some products send the code alone. Other codes keep showing as codes,
// since a whole terminology is not ours to ship.

const LOINC = '2.16.840.1.113883.6.1';
const SNOMED_CT = '2.16.840.1.113883.6.96';
const ADMINISTRATIVE_GENDER = '2.16.840.1.113883.5.1';

const NAMES: ReadonlyMap<string, ReadonlyMap<string, string>> = new Map([
  [LOINC, new Map(Object.entries({
    // Vital Sign Result Type, 2.16.840.1.113883.3.88.12.80.62
    '8310-5': 'Body temperature', '8867-4': 'Heart rate', '9279-1': 'Respiratory rate', '8480-6': 'Systolic blood pressure', '8462-4': 'Diastolic blood pressure',
    '8478-0': 'Mean blood pressure', '2708-6': 'Oxygen saturation in arterial blood', '59408-5': 'Oxygen saturation by pulse oximetry', '3150-6': 'Inhaled oxygen concentration',
    '3151-8': 'Inhaled oxygen flow rate', '8302-2': 'Body height', '8306-3': 'Body height, lying', '29463-7': 'Body weight', '3141-9': 'Body weight, measured',
    '39156-5': 'Body mass index', '3140-1': 'Body surface area', '8287-5': 'Head circumference', '8289-1': 'Head circumference percentile', '59576-9': 'Body mass index percentile for age and sex',
    '77606-2': 'Weight-for-length percentile',
    // What the social history templates ask: Smoking Status .22.4.78, Tobacco Use .4.85, Birth Sex .4.200, Sex .4.507, Gender Identity 2.16.840.1.113883.10.20.34.3.45, Sexual Orientation .4.501
    '72166-2': 'Tobacco smoking status', '11367-0': 'History of tobacco use', '76689-9': 'Sex assigned at birth', '46098-0': 'Sex', '76691-5': 'Gender identity', '76690-7': 'Sexual orientation',
  }))],
  [SNOMED_CT, new Map(Object.entries({
    // Smoking Status, 2.16.840.1.113883.11.20.9.38
    '449868002': 'Smokes every day', '428041000124106': 'Smokes some days', '8517006': 'Former smoker', '266919005': 'Never smoked', '77176002': 'Smoker, current status unknown',
    '266927001': 'Unknown if ever smoked', '428071000124103': 'Heavy smoker', '428061000124105': 'Light smoker',
    // Problem Severity, 2.16.840.1.113883.3.88.12.3221.6.8
    '255604002': 'Mild', '371923003': 'Mild to moderate', '6736007': 'Moderate', '371924009': 'Moderate to severe', '24484000': 'Severe', '399166001': 'Fatal',
  }))],
  // Administrative Gender, 2.16.840.1.113883.1.11.1
  [ADMINISTRATIVE_GENDER, new Map(Object.entries({ F: 'Female', M: 'Male', UN: 'Undifferentiated' }))],
]);

/** '' where the value sets do not know the code. */
export const nameInValueSet = (system: string | null, code: string | null): string => NAMES.get(system ?? '')?.get(code ?? '') ?? '';
