/**
 * Columns of workspace tables that hold text, bytes, dates or JSON in the clear, and why that is no PHI (45 CFR 164.514(b)(2)). A column that
 * a CHECK limits to listed codes need not be here. Everything else is sealed: see core/crypto/phi.ts.
 */
const STAFF = 'about staff, not patients';
const DIGEST = 'a digest of random bits or of what is public to the workspace';
const MACED = 'made under a key';
const CODE = 'a code of ours';

export const PLAIN_COLUMNS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  workspaces: { name: 'the practice', slug: 'the practice', time_zone: 'the practice', settings: 'settings of the practice' },
  workspace_keys: { wrapped: 'wrapped by a root key' },
  audit_entries: { action: CODE, target_type: CODE, target_id: 'an id', body: 'canonical entry: ids, codes, names of staff and of fields', hash: DIGEST, key_id: CODE, signature: 'a signature', voucher: MACED },
  audit_checkpoints: { root: DIGEST, note: 'a signed head: origin, size, root', voucher: MACED },
  audit_tiles: { hashes: DIGEST, voucher: MACED },
  audit_verifications: { fault: CODE },
  users: { email: STAFF, name: STAFF, time_zone: STAFF },
  service_accounts: { name: STAFF, scopes: CODE, token_prefix: 'shown to recognise the token; too short to guess it', token_hash: DIGEST },
  passwords: { hash: 'argon2id or bcrypt, of staff' },
  passkeys: { credential_id: STAFF, public_key: STAFF, name: STAFF, transports: CODE, aaguid: 'the make of the authenticator' },
  recovery_codes: { code_hash: DIGEST },
  mfa_challenges: { token_hash: DIGEST },
  passkey_challenges: { challenge_hash: DIGEST, binding: 'an id' },
  sessions: { token_hash: DIGEST, method: CODE, ip: STAFF, user_agent: STAFF, ended_reason: CODE },
  one_time_links: { token_hash: DIGEST },
  contact_identifiers: { system: 'the assigning authority, an OID or URI' },
  contact_values: { property: 'what the practice calls a property, as a name' },
  contact_merges: { moved: 'ids of moved rows' },
  activities: { due_on: 'when staff mean to act' },
  appointments: { time_zone: 'of the practice' },
  documents: { pending_reason: CODE, media_type: CODE, sha256: 'of the original, so that it can be proved unaltered; a guess of a whole document is needed to confirm it' },
  idempotency_keys: { key_mac: MACED, request_mac: MACED },
  import_batches: { starter_name: STAFF },
  import_outcomes: { code: CODE, reason: 'texts of ours, without values of the file' },
  plugin_switches: { plugin: 'a plugin’s name' },
  plugin_parked_jobs: { plugin: 'a plugin’s name', job: CODE, input: 'ids, whole numbers, flags and listed words: core/jobs/job.ts' },
};
