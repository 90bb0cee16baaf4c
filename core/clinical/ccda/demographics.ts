// recordTarget/patientRole/patient: C-CDA US Realm Header 2.16.840.1.113883.10.20.22.1.1, R1.1 and R2.1; HITSP C32 2.16.840.1.113883.3.88.11.32.1;
// CDA R2 4.2.2.11. sdtc: extensions: raceCode, ethnicGroupCode, deceasedInd, deceasedTime.

import { attribute, at, child, children, find, ownText, textOf } from '../xml-tree.ts';
import { displayOf, readCoded } from './codes.ts';
import { readAddresses, readTelecoms } from './contact-points.ts';
import { readIdentifier } from './identifiers.ts';
import { readPersonName, readPersonNames } from './person-name.ts';
import { readSex } from './sex.ts';
import { parseTime, readTime } from './times.ts';
import type { Coded, Guardian, Identifier, Patient, PersonName } from '../clinical-document.ts';
import type { Reading } from './reading.ts';
import type { XmlElement } from '../xml.ts';

const NO_NAME: PersonName = { prefix: '', given: '', middle: '', family: '', suffix: '', nickname: '', use: null };

export type ReadPatient = { patient: Patient; isSeveral: boolean; birthDateNote: 'absent' | 'unreadable' };

/** Reads every recordTarget. Several that agree on name, birth date and sex are one patient under several numbers. */
export function readPatient(root: XmlElement, reading: Reading): ReadPatient {
  const roles = patientRoles(root, reading);
  const read = roles.map((role) => readRole(role, reading)).sort((a, b) => completeness(b.patient) - completeness(a.patient));
  const first = read[0] ?? { patient: emptyPatient(), birthDateNote: 'absent' as const };
  const others = read.slice(1).filter((each) => completeness(each.patient) > 0);
  const isSeveral = others.some((each) => !isSamePerson(first.patient, each.patient));
  if (isSeveral && roles[0] !== undefined) reading.warned('patient.several', roles[0]);
  else first.patient.identifiers = distinctIdentifiers([first, ...others].flatMap((each) => each.patient.identifiers));
  return { ...first, isSeveral };
}

function patientRoles(root: XmlElement, reading: Reading): XmlElement[] {
  const roles = children(root, 'recordTarget').flatMap((target) => children(target, 'patientRole'));
  if (roles.length > 0) return roles;
  const elsewhere = find(root, 'patientRole', 4);
  if (elsewhere !== undefined) reading.warned('patient.misplaced', elsewhere);
  return elsewhere === undefined ? [] : [elsewhere];
}

function readRole(role: XmlElement, reading: Reading): Omit<ReadPatient, 'isSeveral'> {
  // CDA ballots before 2005 and some older products call the element patientPatient; a name straight in the role was seen too.
  const person = child(role, 'patient') ?? child(role, 'patientPatient') ?? role;
  const names = readPersonNames(person, reading.repaired);
  const birth = readBirthDate(child(person, 'birthTime'), reading);
  const gender = child(person, 'administrativeGenderCode');
  const codes = (name: string): Coded[] => children(person, name).flatMap((element) => readCoded(element, reading) ?? []);
  const deceased = child(person, 'deceasedInd');
  const deceasedDate = readTime(child(person, 'deceasedTime'), reading);
  return {
    patient: {
      name: names[0] ?? NO_NAME,
      otherNames: names.slice(1),
      birthDate: birth.date,
      sex: readSex(gender, reading),
      administrativeGender: readCoded(gender, reading),
      birthSex: null,
      genderIdentity: null,
      identifiers: distinctIdentifiers([...children(role, 'id'), ...children(child(role, 'patient'), 'id')].flatMap((element) => readIdentifier(element) ?? [])),
      addresses: readAddresses(role),
      telecoms: readTelecoms(role),
      languages: readLanguages(person),
      maritalStatus: readCoded(child(person, 'maritalStatusCode'), reading),
      religion: readCoded(child(person, 'religiousAffiliationCode'), reading),
      races: codes('raceCode'),
      ethnicities: codes('ethnicGroupCode'),
      isDeceased: attribute(deceased, 'value')?.toLowerCase() === 'true' || deceasedDate !== null,
      deceasedDate,
      guardians: children(person, 'guardian').map((element) => readGuardian(element, reading))
    },
    birthDateNote: birth.note
  };
}

const US_DATE = /^(\d{1,2})[/-](\d{1,2})[/-](\d{4})$/;

/** The day as written: a time or zone behind it is dropped, never applied. */
function readBirthDate(element: XmlElement | undefined, reading: Reading): { date: string | null; note: 'absent' | 'unreadable' } {
  const holder = [element, child(element, 'low'), child(element, 'center')].find((each) => attribute(each, 'value') !== undefined);
  const written = attribute(holder, 'value') ?? ownText(element);
  if (element === undefined || written === '' || /^0+$/.test(written)) return { date: null, note: 'absent' };
  const day = parseTime(written)?.slice(0, 10) ?? null;
  if (day !== null) {
    if (!/^\d{4,}/.test(written) || written[4] === '-' || holder === undefined) reading.repaired('birth_date.format', element);
    return { date: day, note: 'absent' };
  }
  const [, month = '', dayOfMonth = '', year = ''] = US_DATE.exec(written) ?? [];
  // 02/03/1954 is two dates; only a day beyond 12 leaves no doubt which is the month.
  const american = Number(dayOfMonth) > 12 || month === dayOfMonth ? parseTime(`${year}${month.padStart(2, '0')}${dayOfMonth.padStart(2, '0')}`) : null;
  if (american === null) {
    reading.warned('time.unreadable', element);
    return { date: null, note: 'unreadable' };
  }
  reading.repaired('birth_date.format', element);
  return { date: american, note: 'absent' };
}

/** languageCommunication (2.16.840.1.113883.3.88.11.83.2), preferenceInd first. */
function readLanguages(person: XmlElement): string[] {
  const spoken = children(person, 'languageCommunication').flatMap((element) => {
    const code = attribute(child(element, 'languageCode'), 'code');
    return code === undefined ? [] : [{ code, isPreferred: attribute(child(element, 'preferenceInd'), 'value') === 'true' }];
  });
  return [...new Set(spoken.sort((a, b) => Number(b.isPreferred) - Number(a.isPreferred)).map((language) => language.code))];
}

function readGuardian(element: XmlElement, reading: Reading): Guardian {
  const name = at(element, 'guardianPerson', 'name');
  const organization = textOf(at(element, 'guardianOrganization', 'name'));
  const person = name === undefined ? null : readPersonName(name);
  return {
    relation: displayOf(child(element, 'code'), reading),
    name: person ?? (organization === '' ? null : { ...NO_NAME, family: organization }),
    telecoms: readTelecoms(element)
  };
}

function distinctIdentifiers(identifiers: readonly Identifier[]): Identifier[] {
  return [...new Map(identifiers.map((each) => [`${each.root}^${each.extension}`, each])).values()];
}

const completeness = (patient: Patient): number => Number(patient.name !== NO_NAME) + Number(patient.birthDate !== null) + Number(patient.sex !== null);

/** A part that one of them leaves open does not speak against it. */
function isSamePerson(a: Patient, b: Patient): boolean {
  const agrees = (left: string | null, right: string | null): boolean => !left || !right || left.toLowerCase() === right.toLowerCase();
  return agrees(a.name.family, b.name.family) && agrees(a.name.given, b.name.given) && agrees(a.birthDate, b.birthDate) && agrees(a.sex, b.sex);
}

/** Nobody in particular. */
export const emptyPatient = (): Patient => ({
  name: NO_NAME, otherNames: [], birthDate: null, sex: null, administrativeGender: null, birthSex: null, genderIdentity: null, identifiers: [], addresses: [], telecoms: [],
  languages: [], maritalStatus: null, religion: null, races: [], ethnicities: [], isDeceased: false, deceasedDate: null, guardians: []
});
