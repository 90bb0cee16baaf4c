-- NIST SP 800-63B-4 §3.2.2: no more than 100 failed attempts in a row. Counting is no act; that a password is from then on taken from known browsers
-- only is one, and leaves an entry, as whatever else happens to a password.
alter table app.passwords
  add column failed_in_row int not null default 0 check (failed_in_row >= 0),
  add column known_browsers_only_since timestamptz;
drop trigger leaves_audit_entry on app.passwords;
create constraint trigger leaves_audit_entry
  after insert or delete or update of workspace_id, user_id, hash, changed_at, known_browsers_only_since on app.passwords
  deferrable initially deferred for each row execute function sec.require_audit_entry();
call sec.forget_statistics('app.passwords');
