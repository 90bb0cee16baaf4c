import type { Plugin } from '../../core/plugin.ts';

const KEEPERS = { roles: ['ADMIN'], designations: ['SECURITY_OFFICER'] } as const;

export const CAPABILITIES: NonNullable<Plugin['capabilities']> = {
  'baa-tracker.register.read': KEEPERS,
  'baa-tracker.register.write': KEEPERS,
  'baa-tracker.register.import': KEEPERS,
  'baa-tracker.register.export': { ...KEEPERS, stepUp: true },
  'baa-tracker.agreement.conclude': { ...KEEPERS, stepUp: true }, // signed, terminated: what other plugins' switches hang on
  'baa-tracker.document.open': KEEPERS,
  'baa-tracker.review.sign': { ...KEEPERS, stepUp: true },
};

export const AUDIT_ACTIONS = [
  'baa-tracker.register.listed', 'baa-tracker.register.exported', 'baa-tracker.register.imported', 'baa-tracker.obligations.read',
  'baa-tracker.subprocessor.added', 'baa-tracker.subprocessor.changed', 'baa-tracker.subprocessor.read', 'baa-tracker.attestation.added',
  'baa-tracker.agreement.drafted', 'baa-tracker.agreement.changed', 'baa-tracker.agreement.read', 'baa-tracker.agreement.moved', 'baa-tracker.agreement.renewed', 'baa-tracker.agreement.step_refused',
  'baa-tracker.document.added', 'baa-tracker.document.refused', 'baa-tracker.document.link_made', 'baa-tracker.document.opened', 'baa-tracker.document.link_refused',
  'baa-tracker.reminder.made', 'baa-tracker.reminder.acknowledged', 'baa-tracker.notice.recorded', 'baa-tracker.notice.decided', 'baa-tracker.review.signed',
] as const;

export const FAULTS: NonNullable<Plugin['faults']> = {
  'baa-tracker.subprocessor.not_found': [404, 'There is no such subprocessor.'],
  'baa-tracker.agreement.not_found': [404, 'There is no such agreement.'],
  'baa-tracker.agreement.step_refused': [409, 'An agreement in this state cannot go there.'],
  'baa-tracker.agreement.fixed': [409, 'The terms of a signed agreement are fixed. Draft one that takes its place.'],
  'baa-tracker.agreement.unsigned': [409, 'Attach the signed PDF and name both signatories first.'],
  'baa-tracker.document.not_found': [404, 'There is no such document.'],
  'baa-tracker.document.no_pdf': [422, 'This is not a PDF.'],
  'baa-tracker.document.damaged': [422, 'This PDF is cut short or damaged.'],
  'baa-tracker.document.active': [422, 'This PDF holds scripts, attachments or actions. Print it to a plain PDF and attach that.'],
  'baa-tracker.document.locked': [422, 'This PDF is encrypted. Attach one that opens without a password.'],
  'baa-tracker.document.bomb': [422, 'This PDF unpacks to more than any agreement holds.'],
  'baa-tracker.document.link_ended': [410, 'This link has ended or is not yours. Open the document from its agreement again.'],
  'baa-tracker.reminder.not_found': [404, 'There is no such reminder.'],
  'baa-tracker.notice.not_found': [404, 'There is no such notice.'],
  'baa-tracker.notice.decided': [409, 'This notice was answered already.'],
  'baa-tracker.import.unreadable': [422, 'This file is no CSV with a heading line.'],
};
