import { statementsOf, type SummaryItem } from '../../clinical/summary.ts';
import type { ItemKind } from '../../clinical/clinical-document.ts';
import type { Tx } from '../../db/scope.ts';
import { readClinicalDocuments, type DocumentView } from '../documents/read-documents.ts';

/** The order in which exports tell. */
export const ITEM_KINDS = ['problems', 'medications', 'allergies', 'immunizations', 'results', 'vital_signs', 'procedures', 'encounters', 'social_history'] as const satisfies readonly ItemKind[];

export type ClinicalRecord = { readonly statements: Readonly<Record<ItemKind, readonly SummaryItem[]>>; readonly documents: readonly DocumentView[] };

/** All that a contact's clinical documents state, each thing once, past values too; as far as the actor sees it. */
export async function readClinicalRecord(tx: Tx, contactId: string): Promise<ClinicalRecord> {
  const { documents, parsed } = await readClinicalDocuments(tx, contactId);
  const items = statementsOf(parsed);
  return { statements: Object.fromEntries(ITEM_KINDS.map((kind) => [kind, items.filter((item) => item.kind === kind)])) as unknown as ClinicalRecord['statements'], documents };
}
