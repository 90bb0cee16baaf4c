/** The register's codes and what pages, exports and imports call them. */
export const AGREEMENT_KINDS = { baa: 'Business associate agreement (BAA)', dpa: 'Data processing agreement (DPA)', flow_down: 'Subcontractor flow-down' } as const;
export type AgreementKind = keyof typeof AGREEMENT_KINDS;
export const KIND_SHORT: Readonly<Record<AgreementKind, string>> = { baa: 'BAA', dpa: 'DPA', flow_down: 'Flow-down' };

/** What lets somebody have PHI: a BAA (45 CFR 164.504(e)), or the same obligations passed on to a subcontractor (164.502(e)(1)(ii)). A DPA does not. */
export const COVERS_PHI: readonly AgreementKind[] = ['baa', 'flow_down'];

export const PHI_CLASSES = { none: 'None', transit: 'Passes it on, keeps none', store: 'Keeps it' } as const;
export type PhiClass = keyof typeof PHI_CLASSES;

export const DATA_ELEMENTS = {
  names: 'Names', contact: 'Contact details', birth_dates: 'Dates of birth', identifiers: 'Record and insurance numbers', appointments: 'Appointments', clinical: 'Clinical data', insurance: 'Insurance',
  payments: 'Payments', messages: 'Messages', images: 'Images', metadata: 'Technical metadata',
} as const;
export type DataElement = keyof typeof DATA_ELEMENTS;

export const ATTESTATION_KINDS = { soc2: 'SOC 2 Type II', iso27001: 'ISO/IEC 27001', hitrust: 'HITRUST', pci_dss: 'PCI DSS', fedramp: 'FedRAMP', penetration_test: 'Penetration test', other: 'Other' } as const;
export type AttestationKind = keyof typeof ATTESTATION_KINDS;

export const DOCUMENT_KINDS = { draft: 'Draft', signed: 'Signed agreement', amendment: 'Amendment' } as const;
export type DocumentKind = keyof typeof DOCUMENT_KINDS;

export const CHANGES = { added: 'A subprocessor is added', replaced: 'A subprocessor is replaced', removed: 'A subprocessor is dropped', relocated: 'Data moves elsewhere', purpose: 'Data is used for something else', other: 'Something else' } as const;
export type Change = keyof typeof CHANGES;

export const OUTCOMES = { continue: 'Continue', change: 'Continue with changes', end: 'End it' } as const;
export type Outcome = keyof typeof OUTCOMES;

export type Tone = 'good' | 'warn' | 'bad' | 'calm' | null;

/** Options of a select, in the table's order. */
export function optionsOf(table: Readonly<Record<string, string>>): { value: string; label: string }[] {
  return Object.entries(table).map(([value, label]) => ({ value, label }));
}
