import type { AuditEntry } from '../../audit/entry.ts';

/** What an action is called in a sentence that begins with who did it: "Rosa Delgado opened a contact". */
const DID: Readonly<Record<string, string>> = {
  'access.refused': 'was refused by their role',
  'activity.completed': 'completed a task',
  'activity.created': 'added an activity',
  'activity.deleted': 'removed an activity',
  'activity.listed': 'listed activities',
  'activity.reopened': 'reopened a task',
  'activity.updated': 'changed an activity',
  'appointment.created': 'made an appointment',
  'appointment.listed': 'listed appointments',
  'appointment.read': 'opened an appointment',
  'appointment.updated': 'changed an appointment',
  'audit.checkpoint_kept': 'took away a checkpoint',
  'audit.exported': 'exported the audit log',
  'audit.listed': 'looked at the audit log',
  'audit.proof_kept': 'took away the proof of an entry',
  'audit.read': 'opened an audit entry',
  'audit.verified': 'verified the audit log',
  'auth.mfa_added': 'added a second factor',
  'auth.mfa_challenged': 'was asked for the second factor',
  'auth.mfa_refused': 'gave a second factor that was not accepted',
  'auth.mfa_removed': 'removed a second factor',
  'auth.password_changed': 'changed their password',
  'auth.password_change_refused': 'was refused a new password',
  'auth.password_rehashed': 'had their password hash renewed',
  'auth.password_reset': 'set a new password by link',
  'auth.password_reset_sent': 'asked for a new password',
  'auth.recovery_codes_made': 'made new recovery codes',
  'auth.session_ended': 'ended a session',
  'auth.sign_in_refused': 'was refused at sign-in',
  'auth.signed_in': 'signed in',
  'auth.signed_out': 'signed out',
  'auth.stepped_up': 'confirmed their second factor',
  'contact.created': 'created a contact',
  'contact.listed': 'listed contacts',
  'contact.merge_undone': 'undid a merge of contacts',
  'contact.merged': 'merged two contacts',
  'contact.read': 'opened a contact',
  'contact.read_refused': 'was refused a contact',
  'contact.searched': 'searched contacts',
  'contact.share_ended': 'ended a share of a contact',
  'contact.shared': 'shared a contact',
  'contact.status_changed': 'changed the status of a contact',
  'contact.summary_read': 'opened a clinical summary',
  'contact.updated': 'changed a contact',
  'contact.write_refused': 'was refused a change to a contact',
  'demo.loaded': 'loaded the demo practice',
  'document.downloaded': 'downloaded a document',
  'document.import_repeated': 'imported a document that was there already',
  'document.imported': 'imported a document',
  'document.listed': 'listed documents',
  'document.read': 'opened a document',
  'document.read_refused': 'was refused a document',
  'document.refused': 'had a document refused',
  'document.resolved': 'said whose a waiting document is',
  'document.waiting_listed': 'listed documents that wait for a person',
  'import.ended': 'finished an import',
  'import.mapped': 'mapped the columns of an import',
  'import.read': 'looked at an import',
  'import.refused_rows_exported': 'downloaded the refused rows of an import',
  'import.rows_refused': 'had rows of an import refused',
  'import.source_read': 'opened the source of an import',
  'import.started': 'started an import',
  'key.activated': 'put a key version to use',
  'key.retire_refused': 'was refused the retirement of a key',
  'key.retired': 'retired a key version',
  'key.rewrapped': 'wrapped the keys by another root key',
  'key.rotation_finished': 'finished a key rotation',
  'key.rotation_started': 'started a key rotation',
  'key.secrets_rewrapped': 'wrapped the program’s secrets by another root key',
  'key.signing_rotated': 'replaced the signing key',
  'key.values_rewritten': 're-encrypted values under a new key',
  'match.decided': 'decided whether two contacts are one',
  'person.created': 'added a person',
  'person.invitation_sent': 'invited a person',
  'person.listed': 'listed the people',
  'person.updated': 'changed a person',
  'request.repeated': 'repeated a request, which was answered as before',
  'service_account.created': 'made a service account',
  'service_account.revoked': 'revoked a service account',
  'service_account.rotated': 'gave a service account a new token',
  'session.ended': 'ended a session',
  'system.door': 'looked across workspaces',
  'trust.attested': 'took away a signed attestation',
  'trust.checked': 'checked the claims',
  'trust.read': 'opened the trust page',
  'workspace.created': 'created the workspace',
  'workspace.settings_changed': 'changed the settings',
};

const WHO: Readonly<Record<AuditEntry['actor']['kind'], string>> = { user: 'A person', agent: 'A service account', patient: 'A patient', system: 'The system' };

/** Who it was, as far as the entry says; patients are never named, and the system's name is the reason it acted for. */
export function whoDid({ actor: { kind, name } }: Pick<AuditEntry, 'actor'>): string {
  if (kind === 'system') return name === null ? WHO.system : `${WHO.system} (${name})`;
  return name ?? WHO[kind];
}

/** An action in words; one without words of its own (a plugin's) by its name: `billing.card_charged` → "billing: card charged". */
export function didWhat(action: string): string {
  const known = DID[action];
  if (known !== undefined) return known;
  const [noun = '', ...verb] = action.split('.');
  return `${noun}: ${verb.join(' ')}`.replaceAll(/[_-]/g, ' ');
}

/** For the filter. */
export function actionChoices(): { value: string; label: string }[] {
  return Object.entries(DID).map(([value, label]) => ({ value, label: `${value} – ${label}` }));
}
