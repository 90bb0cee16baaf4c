import type { PluginTable } from '../../core/plugin.ts';

const COMPANY = 'about a company, not a patient';
const TERM = 'a date in a contract';
const STAFF = 'about staff, not patients';

/** What free text may hold nobody can promise, so it is sealed; names of companies and dates of contracts are what the register is searched by. */
export const TABLES: Readonly<Record<string, PluginTable>> = {
  baa_tracker_subprocessors: { sealed: ['contact_name', 'contact_email', 'contact_phone', 'notes'], plain: { name: COMPANY, service: COMPANY, purpose: COMPANY, location: COMPANY, next_review_on: TERM } },
  baa_tracker_attestations: { plain: { issuer: COMPANY, issued_on: TERM, expires_on: TERM } },
  baa_tracker_agreements: { sealed: ['our_signatory', 'their_signatory', 'terms'], plain: { title: COMPANY, our_party: COMPANY, their_party: COMPANY, effective_on: TERM, expires_on: TERM, ended_on: TERM } },
  baa_tracker_transitions: { sealed: ['note'], plain: { by_name: STAFF } },
  baa_tracker_documents: { sealed: ['file_name'], plain: { sha256: 'of a contract, so that it can be proved unaltered', uploader_name: STAFF } },
  baa_tracker_contents: { sealed: ['content'] },
  baa_tracker_reminders: { plain: { decide_by: TERM, acknowledger_name: STAFF } },
  baa_tracker_due_reminders: { plain: { due_on: TERM } },
  baa_tracker_notices: { sealed: ['description', 'decision_note'], plain: { received_on: TERM, effective_on: TERM, recorder_name: STAFF, decider_name: STAFF } },
  baa_tracker_reviews: { sealed: ['findings'], plain: { signer_name: STAFF, next_review_on: TERM } },
};
