import type { Status } from '../agreements/states.ts';
import type { AgreementKind, AttestationKind, Change, DataElement, Outcome, PhiClass } from '../vocabulary.ts';

/** Days are counted from the day the demo is made: -30 is a month ago. */
export type DemoSubprocessor = {
  readonly name: string; readonly service: string; readonly purpose: string; readonly location: string; readonly phi: PhiClass; readonly data: readonly DataElement[]; readonly contact: string;
  readonly isOperator?: true; readonly isUnused?: true; readonly notes?: string; readonly nextReviewIn: number;
  readonly agreements: readonly DemoAgreement[];
  readonly attestations?: readonly { readonly kind: AttestationKind; readonly issuer: string; readonly issued: number; readonly expires: number }[];
  readonly notices?: readonly { readonly change: Change; readonly description: string; readonly received: number; readonly effective: number; readonly isAcknowledged: boolean }[];
  readonly reviews?: readonly { readonly outcome: Outcome; readonly findings: string; readonly signed: number }[];
};
export type DemoAgreement = {
  readonly kind: AgreementKind; readonly title: string; readonly status: Status; readonly from: number; readonly to: number | null; readonly endedOn?: number; readonly supersededOn?: number; readonly renewalMonths?: number; readonly noticeDays?: number;
  readonly breachHours?: number; readonly incidentHours?: number; readonly terms?: string; readonly signer: string;
  /** It takes the place of the one before it in the list. */
  readonly isSuccessor?: true;
  /** Marks at which somebody was told, and whether they have said that they saw it. */
  readonly reminders?: readonly { readonly mark: number; readonly isSeen: boolean }[];
};

const HOSPITAL: readonly DemoSubprocessor[] = [
  {
    name: 'Anchor Hosting', service: 'Managed hosting', purpose: 'Runs this installation', location: 'Virginia, US', phi: 'store', data: ['names', 'contact', 'birth_dates', 'identifiers', 'appointments', 'clinical', 'messages'], contact: 'Odalys Brennan', isOperator: true, nextReviewIn: 148,
    agreements: [{ kind: 'baa', title: 'Hosting BAA', status: 'in_force', from: -612, to: 118, renewalMonths: 12, noticeDays: 10, breachHours: 48, incidentHours: 24, signer: 'Odalys Brennan', terms: 'Keys stay with the hospital. Right to audit once a year.' }],
    attestations: [{ kind: 'soc2', issuer: 'Marlowe Assurance LLP', issued: -190, expires: 175 }, { kind: 'hitrust', issuer: 'HITRUST', issued: -400, expires: 330 }],
    notices: [{ change: 'relocated', description: 'Backups move from Ohio to Virginia.', received: -80, effective: -35, isAcknowledged: true }],
    reviews: [{ outcome: 'continue', findings: 'SOC 2 report read, no exceptions that concern us. Restore drill of March took 41 minutes.', signed: -217 }],
  },
  {
    name: 'Meridian Lab Exchange', service: 'Laboratory orders and results', purpose: 'Passes orders to outside laboratories and results back', location: 'Pennsylvania, US', phi: 'transit', data: ['names', 'birth_dates', 'identifiers', 'clinical'], contact: 'Teodor Vance', nextReviewIn: 61,
    agreements: [{ kind: 'baa', title: 'Results exchange BAA', status: 'expiring', from: -345, to: 20, breachHours: 72, incidentHours: 72, signer: 'Teodor Vance', reminders: [{ mark: 90, isSeen: true }, { mark: 60, isSeen: true }, { mark: 30, isSeen: false }] }],
    attestations: [{ kind: 'soc2', issuer: 'Marlowe Assurance LLP', issued: -325, expires: 40 }],
    notices: [{ change: 'added', description: 'A data centre in Columbus, Ohio joins as a subcontractor; the flow-down was sent along.', received: -4, effective: 26, isAcknowledged: false }],
    reviews: [{ outcome: 'change', findings: 'They asked for insurance numbers they do not need. Taken out of the feed.', signed: -304 }],
  },
  {
    name: 'Coastline Transcription', service: 'Dictation', purpose: 'Types up dictated notes', location: 'North Carolina, US', phi: 'store', data: ['names', 'birth_dates', 'clinical'], contact: 'Renske Adler', nextReviewIn: -9, notes: 'Uploads stopped on the day the agreement ended; old recordings are still with them.',
    agreements: [
      { kind: 'baa', title: 'Transcription BAA', status: 'expired', from: -742, to: -12, endedOn: -12, breachHours: 120, signer: 'Renske Adler', reminders: [{ mark: 30, isSeen: true }, { mark: 7, isSeen: true }, { mark: 0, isSeen: true }] },
      { kind: 'baa', title: 'Transcription BAA, renewed', status: 'sent', from: 1, to: 731, breachHours: 72, incidentHours: 72, signer: 'Renske Adler', isSuccessor: true },
    ],
    attestations: [{ kind: 'iso27001', issuer: 'Norden Cert', issued: -1110, expires: -15 }],
  },
  {
    name: 'Statement Printers', service: 'Print and mail', purpose: 'Prints and posts billing statements', location: 'Georgia, US', phi: 'transit', data: ['names', 'contact', 'payments'], contact: 'Halima Strand', nextReviewIn: 201,
    agreements: [
      { kind: 'baa', title: 'Statements BAA 2024', status: 'superseded', from: -800, to: -400, endedOn: -400, supersededOn: -379, breachHours: 240, signer: 'Pieter Oakes' },
      { kind: 'baa', title: 'Statements BAA', status: 'in_force', from: -379, to: 351, breachHours: 72, incidentHours: 48, signer: 'Halima Strand', isSuccessor: true },
    ],
    attestations: [{ kind: 'pci_dss', issuer: 'Quayside QSA', issued: -120, expires: 245 }],
    reviews: [{ outcome: 'continue', findings: 'Visited the print floor. Misprints are shredded on site.', signed: -164 }],
  },
  {
    name: 'Beacon Telehealth', service: 'Video visits', purpose: 'Carried video visits until they moved in house', location: 'Oregon, US', phi: 'store', data: ['names', 'contact', 'appointments'], contact: 'Ivo Castellane', isUnused: true, nextReviewIn: 300,
    agreements: [{ kind: 'baa', title: 'Video visits BAA', status: 'terminated', from: -900, to: 195, endedOn: -90, breachHours: 72, signer: 'Ivo Castellane' }],
    reviews: [{ outcome: 'end', findings: 'Two outages in a quarter. Certificate of destruction received.', signed: -95 }],
  },
  {
    name: 'Northshore Imaging Archive', service: 'Image archive', purpose: 'Keeps radiology images from next month on, and test images until then', location: 'Illinois, US', phi: 'none', data: [], contact: 'Bao Lindgren', nextReviewIn: 340,
    agreements: [{ kind: 'baa', title: 'Imaging archive BAA', status: 'signed', from: 14, to: 1110, renewalMonths: 24, noticeDays: 90, breachHours: 48, incidentHours: 24, signer: 'Bao Lindgren' }],
  },
  {
    name: 'Tidewater Analytics', service: 'Web statistics', purpose: 'Counts visits to the public website', location: 'Ireland', phi: 'none', data: ['metadata'], contact: 'Saoirse Quill', nextReviewIn: 90,
    agreements: [
      { kind: 'dpa', title: 'Website DPA', status: 'in_force', from: -260, to: null, signer: 'Saoirse Quill' },
      { kind: 'baa', title: 'Patient survey BAA', status: 'draft', from: 30, to: 395, breachHours: 72, signer: 'Saoirse Quill' },
    ],
  },
];

const CLINIC: readonly DemoSubprocessor[] = [
  {
    name: 'Mesa Practice IT', service: 'Managed hosting', purpose: 'Runs this installation', location: 'Colorado, US', phi: 'store', data: ['names', 'contact', 'birth_dates', 'identifiers', 'appointments', 'clinical'], contact: 'June Okafor', isOperator: true, nextReviewIn: 190,
    agreements: [{ kind: 'baa', title: 'IT services BAA', status: 'in_force', from: -300, to: 430, renewalMonths: 12, noticeDays: 60, breachHours: 48, incidentHours: 24, signer: 'June Okafor' }],
    reviews: [{ outcome: 'continue', findings: 'Two technicians have access, both named. Restore drill in June.', signed: -175 }],
  },
  {
    name: 'Front Range Laboratory', service: 'Laboratory', purpose: 'Tests samples', location: 'Colorado, US', phi: 'store', data: ['names', 'birth_dates', 'identifiers', 'clinical', 'insurance'], contact: 'Dr. Emil Santoro', nextReviewIn: 120,
    agreements: [{ kind: 'baa', title: 'Laboratory BAA', status: 'in_force', from: -520, to: 210, breachHours: 72, incidentHours: 72, signer: 'Dr. Emil Santoro' }],
    attestations: [{ kind: 'other', issuer: 'CLIA', issued: -200, expires: 530 }],
  },
];

/** The hospital has an agreement in every state, one that ended too early, and one that ends too soon; the clinic has what it needs. */
export function registerFor(slug: string): readonly DemoSubprocessor[] {
  return slug === 'harbor' ? HOSPITAL : CLINIC;
}
