import type { Agreement, Subprocessor } from '../models.ts';

/** The register as a table, one line for each agreement: what the CSV export writes and an import reads back. */
export const COLUMNS = [
  'subprocessor', 'service', 'purpose', 'phi_class', 'data_elements', 'location', 'contact_name', 'contact_email', 'contact_phone', 'is_operator', 'in_use',
  'agreement_kind', 'agreement_title', 'our_party', 'their_party', 'our_signatory', 'their_signatory', 'effective_on', 'expires_on', 'renewal_months', 'notice_days',
  'breach_notice_hours', 'security_incident_hours', 'access_request_days', 'data_return_days', 'terms', 'owner', 'status',
] as const;
export type Column = (typeof COLUMNS)[number];
export type Row = Readonly<Record<Column, string>>;

export function rowOf(subprocessor: Subprocessor, agreement: Agreement | null, owner: string): Row {
  const text = (value: unknown): string => (value === null || value === undefined ? '' : String(value));
  const flag = (value: boolean): string => (value ? 'yes' : 'no');
  return {
    subprocessor: subprocessor.name, service: subprocessor.service, purpose: subprocessor.purpose, phi_class: subprocessor.phi_class, data_elements: subprocessor.data_elements.join(' '), location: subprocessor.location,
    contact_name: text(subprocessor.contact_name), contact_email: text(subprocessor.contact_email), contact_phone: text(subprocessor.contact_phone), is_operator: flag(subprocessor.is_operator), in_use: flag(subprocessor.in_use),
    agreement_kind: text(agreement?.kind), agreement_title: text(agreement?.title), our_party: text(agreement?.our_party), their_party: text(agreement?.their_party), our_signatory: text(agreement?.our_signatory), their_signatory: text(agreement?.their_signatory),
    effective_on: text(agreement?.effective_on), expires_on: text(agreement?.expires_on), renewal_months: text(agreement?.renewal_months), notice_days: text(agreement?.notice_days), breach_notice_hours: text(agreement?.breach_notice_hours),
    security_incident_hours: text(agreement?.security_incident_hours), access_request_days: text(agreement?.access_request_days), data_return_days: text(agreement?.data_return_days), terms: text(agreement?.terms), owner: agreement === null ? '' : owner, status: text(agreement?.status),
  };
}
