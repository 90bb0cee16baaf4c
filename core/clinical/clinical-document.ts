// What a clinical document says, as values. Times are ISO 8601 as precise as the document (`2014`, `2014-02`, `2014-02-11`,
// `2014-02-11T13:54-05:00`), never converted to another zone. Code systems are OIDs as written.

import type { Repair, Warning } from './repairs.ts';

export type SectionKind =
  | 'problems' | 'medications' | 'allergies' | 'immunizations' | 'results' | 'vital_signs' | 'procedures' | 'encounters' | 'social_history' | 'other';

export type ItemKind = Exclude<SectionKind, 'other'>;

export type Coded = { code: string | null; system: string | null; systemName: string | null; display: string };

export type Period = { start: string | null; end: string | null };

export type Item = Coded & Period & {
  kind: ItemKind;
  /** The same concept in other code systems. */
  translations: Coded[];
  /** What the document calls its state, as a word: `active`, `resolved`, `completed`, `refused` … */
  status: string | null;
  /** Belongs in a list of what is so now. */
  isActive: boolean;
  /** Says that something is not there: "no known allergies", a vaccine not given. */
  isAbsence: boolean;
  /** Instance identifier `root^extension`, where the product gave one. */
  instanceId: string | null;
  /** `ID` in the section's narrative that this item stands for. */
  narrativeRef: string | null;
  details: ItemDetails;
};

/** What only some kinds have; absent keys do not apply. */
export type ItemDetails = {
  severity?: string;
  criticality?: string;
  allergyType?: string;
  reactions?: { display: string; severity: string | null }[];
  dose?: string;
  route?: string;
  frequency?: string;
  instructions?: string;
  /** Taken only when this is so: wheezing, pain. */
  precondition?: string;
  form?: string;
  reason?: string;
  lotNumber?: string;
  manufacturer?: string;
  doseNumber?: string;
  panel?: string;
  value?: string;
  unit?: string;
  valueCode?: Coded;
  interpretation?: string;
  referenceRange?: string;
  bodySite?: string;
  performer?: string;
  location?: string;
  device?: string;
  diagnoses?: string[];
  comment?: string;
};

export type Section = {
  kind: SectionKind;
  title: string;
  code: Coded | null;
  items: Item[];
  /** Safe to place in a page as it is (ccda/narrative.ts). Empty when the section has no text. */
  narrativeHtml: string;
};

export type PersonName = { prefix: string; given: string; middle: string; family: string; suffix: string; nickname: string; use: string | null };

export type Identifier = {
  root: string | null;
  extension: string | null;
  authority: string | null;
  kind: 'ssn' | 'medicare' | 'npi' | 'driver_license' | 'national' | 'local';
  /** False for placeholders, HL7's example arcs and impossible numbers: two patients may share them. */
  isMatchable: boolean;
};

export type Address = { use: string | null; lines: string[]; city: string; state: string; postalCode: string; country: string };

export type Telecom = { system: 'phone' | 'fax' | 'email' | 'url'; value: string; use: string | null };

export type Sex = 'female' | 'male' | 'other';

export type Guardian = { relation: string; name: PersonName | null; telecoms: Telecom[] };

export type Patient = {
  name: PersonName;
  otherNames: PersonName[];
  /** `YYYY-MM-DD`, or `YYYY-MM` or `YYYY` where the document knows no more. */
  birthDate: string | null;
  sex: Sex | null;
  /** As the document codes it. */
  administrativeGender: Coded | null;
  birthSex: Coded | null;
  genderIdentity: Coded | null;
  identifiers: Identifier[];
  addresses: Address[];
  telecoms: Telecom[];
  /** BCP 47 or ISO 639 codes, the preferred one first. */
  languages: string[];
  maritalStatus: Coded | null;
  religion: Coded | null;
  races: Coded[];
  ethnicities: Coded[];
  isDeceased: boolean;
  deceasedDate: string | null;
  guardians: Guardian[];
};

export type Header = {
  id: string | null;
  setId: string | null;
  versionNumber: number | null;
  /** Documents that this one replaces. */
  replaces: string[];
  title: string;
  typeCode: Coded | null;
  effectiveTime: string | null;
  language: string | null;
  confidentiality: string | null;
  authors: string[];
  custodian: string | null;
};

export type Attachment = {
  mediaType: string;
  sizeBytes: number;
  /** The decoded file; null when the document only refers to one. */
  bytes: Uint8Array | null;
  reference: string | null;
};

export type MissingField = 'name' | 'birthDate' | 'sex' | 'singlePatient';

export type ClinicalDocument = {
  header: Header;
  patient: Patient;
  sections: Section[];
  attachments: Attachment[];
  /** What keeps the document from becoming a contact by itself, with a sentence for the person who decides. */
  missing: { field: MissingField; reason: string }[];
  repairs: Repair[];
  warnings: Warning[];
};
