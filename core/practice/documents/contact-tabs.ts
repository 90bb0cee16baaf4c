import type { Request, ResponseToolkit } from '@hapi/hapi';
import type { App } from '../../app.ts';
import type { Item } from '../../clinical/clinical-document.ts';
import type { ClinicalSummary } from '../../clinical/summary.ts';
import { scopeOf } from '../../http/credentials.ts';
import { parse } from '../../http/refusals.ts';
import { contactFrame } from '../contacts/contact-frame.ts';
import { oneId } from '../schemas.ts';
import { itemOf } from './item-line.ts';
import { listDocuments, readClinicalSummary } from './read-documents.ts';

/** Section by section, what is so now before what was. */
const SECTIONS: readonly (readonly [keyof Omit<ClinicalSummary, 'narrativeOnly'>, string])[] = [
  ['allergies', 'Allergies'], ['problems', 'Problems'], ['medications', 'Medications'], ['latestVitalSigns', 'Latest vital signs'], ['latestResults', 'Latest results'], ['immunizations', 'Immunizations'],
  ['procedures', 'Procedures'], ['encounters', 'Encounters'], ['socialHistory', 'Social history'], ['pastProblems', 'Past problems'], ['pastMedications', 'Past medications'], ['pastAllergies', 'Past allergies'], ['absences', 'Stated as absent'],
];

export async function documentsTab(app: App, request: Request, h: ResponseToolkit) {
  const { id: contactId } = parse(oneId, request.params);
  const context = await app.withWorkspace(scopeOf(request), async (tx) => {
    const documents = await listDocuments(tx, contactId);
    const { view: _view, names: _names, ...frame } = await contactFrame(tx, contactId, 'documents');
    return { ...frame, documents: documents.map((row) => ({ id: row.id, title: row.title, type: row.kind === 'ccda' ? 'Clinical document (C-CDA)' : row.kind.toUpperCase(), author: null, createdAt: row.documentDate, importedAt: row.createdAt, bytes: row.bytes, sha256: row.sha256 })) };
  });
  return h.page('contacts/page', context);
}

export async function clinicalTab(app: App, request: Request, h: ResponseToolkit) {
  const { id: contactId } = parse(oneId, request.params);
  const context = await app.withWorkspace(scopeOf(request), async (tx) => {
    const { summary, documents } = await readClinicalSummary(tx, contactId);
    const { view: _view, names: _names, ...frame } = await contactFrame(tx, contactId, 'clinical');
    const sections = SECTIONS.flatMap(([key, title]) => (summary[key].length === 0 ? [] : [{ id: key, title, items: summary[key].map((item) => itemOf(item)) }]));
    const narrative = summary.narrativeOnly.map(({ document, title }) => ({ title, documentId: documents[document]?.id ?? '' })).filter(({ documentId }) => documentId !== '');
    const alerts = alertsOf(summary.allergies);
    return { ...frame, alerts, sections, narrative, source: documents.length === 0 ? null : `${documents.length} document${documents.length === 1 ? '' : 's'}` };
  });
  return h.page('contacts/page', context);
}

const ALERTS_MAX = 6;

/** The severe ones first, and how many find no place. */
export function alertsOf(allergies: readonly Item[]): { label: string; tone: string }[] {
  const alerts = allergies.map((item) => ({ label: item.display, tone: itemOf(item).severe ? 'bad' : 'warn' })).sort((a, b) => Number(b.tone === 'bad') - Number(a.tone === 'bad'));
  const more = alerts.length - ALERTS_MAX;
  return more > 0 ? [...alerts.slice(0, ALERTS_MAX), { label: `and ${more} more`, tone: 'warn' }] : alerts;
}
