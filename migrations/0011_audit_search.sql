-- What an officer looks for first, refused and failed acts, are few among many.
create index audit_entries_not_ok on app.audit_entries (workspace_id, seq) where outcome <> 'ok';
