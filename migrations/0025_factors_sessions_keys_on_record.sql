-- Tables were left out of "no entry, no change" whole for the sake of one column that counts. Whoever got to run SQL of his own and a COMMIT could so
-- open a session in somebody's name, take a second factor away or retire a key, and leave nothing on the record. Now only the counting is left out:
-- an update of the columns that UNAUDITED_COLUMNS names (core/db/coverage/expected.ts).
create constraint trigger leaves_audit_entry
  after insert or delete or update of workspace_id, id, user_id, secret, created_at on app.totp_factors
  deferrable initially deferred for each row execute function sec.require_audit_entry();

create constraint trigger leaves_audit_entry
  after insert or delete or update of workspace_id, id, user_id, token_hash, method, ip, user_agent, created_at, assured_at, ended_at, ended_reason, vouched_by on app.sessions
  deferrable initially deferred for each row execute function sec.require_audit_entry();

create constraint trigger leaves_audit_entry
  after insert or delete or update of workspace_id, kind, version, wrapped, status, created_at, retired_at, activated_at, emptied_at on app.workspace_keys
  deferrable initially deferred for each row execute function sec.require_audit_entry();

drop trigger leaves_audit_entry on app.service_accounts;
create constraint trigger leaves_audit_entry
  after insert or delete or update of workspace_id, id, name, role, scopes, token_prefix, token_hash, created_by, created_at, expires_at, revoked_at on app.service_accounts
  deferrable initially deferred for each row execute function sec.require_audit_entry();
