import { randomUUID } from 'node:crypto';
import { authorize } from '../../access/authorize.ts';
import { record } from '../../audit/record.ts';
import type { Coded, Item } from '../../clinical/clinical-document.ts';
import type { Statements } from '../../clinical/writer/sections.ts';
import { writeDocument } from '../../clinical/writer/write-document.ts';
import type { Tx } from '../../db/scope.ts';
import { exportedJson } from '../contacts/contact-json.ts';
import type { ContactView } from '../contacts/contact-view.ts';
import { wholeContact } from '../contacts/read-contact.ts';
import { documentJson } from '../documents/api.ts';
import { readClinicalRecord, type ClinicalRecord } from './clinical-record.ts';
import { maskedFor, patientOfContact } from './patient-of-contact.ts';

export const CONTACT_FORMATS = ['ccda', 'json'] as const;
export type ContactFormat = (typeof CONTACT_FORMATS)[number];

/**
 * One contact with what its clinical documents state, as JSON. The originals are documents of their own and are not in it.
 * @throws Fault access.denied · access.step_up_required · contact.not_found
 */
export async function exportContactJson(tx: Tx, id: string): Promise<object> {
  const { view, clinical: { statements, documents } } = await readForExport(tx, id, 'json');
  return { exportedAt: new Date(tx.now).toISOString(), contact: exportedJson(view), clinical: statements, documents: documents.map(documentJson) };
}

/** The same as a C-CDA R2.1 Continuity of Care Document. @throws as exportContactJson */
export async function exportContactCcda(tx: Tx, id: string, practiceName: string): Promise<string> {
  const { view, clinical } = await readForExport(tx, id, 'ccda');
  return writeDocument({
    id: randomUUID(), writtenAt: new Date(tx.now).toISOString(), practice: { id: tx.scope.workspaceId, name: practiceName },
    patient: patientOfContact(view), masked: maskedFor(view), statements: withOwnWords(clinical.statements, view),
  });
}

async function readForExport(tx: Tx, id: string, format: ContactFormat): Promise<{ view: ContactView; clinical: ClinicalRecord }> {
  const target = { type: 'contact', id };
  authorize(tx, 'contact.export', target);
  const view = await wholeContact(tx, id);
  const clinical = await readClinicalRecord(tx, id);
  record(tx, { action: 'contact.exported', target, detail: { format, documents: clinical.documents.length, statements: Object.values(clinical.statements).reduce((sum, items) => sum + items.length, 0) } });
  return { view, clinical };
}

const LOINC = { system: '2.16.840.1.113883.6.1', systemName: 'LOINC' } as const;
const GENDER_IDENTITY: Coded = { ...LOINC, code: '76691-5', display: 'Gender identity' };
const PRONOUNS: Coded = { ...LOINC, code: '90778-2', display: 'Personal pronouns' };

/** Gender and pronouns have no place in the header: they are observations of social history, the contact's own in place of the documents'. */
function withOwnWords(statements: Statements, { genderIdentity, pronouns }: ContactView): Statements {
  const own = [[GENDER_IDENTITY, genderIdentity], [PRONOUNS, pronouns]] as const;
  const said = own.flatMap(([coded, value]) => (value === null ? [] : [{ ...observed(coded), details: { value, valueCode: { code: null, system: null, systemName: null, display: value } } }]));
  return { ...statements, social_history: [...said, ...statements.social_history.filter(({ code }) => !said.some((item) => item.code === code))] };
}

const observed = (coded: Coded): Item => ({ ...coded, kind: 'social_history', translations: [], start: null, end: null, status: 'completed', isActive: true, isAbsence: false, instanceId: null, narrativeRef: null, details: {} });
