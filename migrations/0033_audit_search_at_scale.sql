-- Lists of the log are read newest first, narrowed by one or two of these and by time, a page at a time. Without statistics (sec.forget_statistics) the
-- planner reckons with few rows of everything, so each is an index that gives the page as it stands: nothing is gathered and sorted.
drop index app.audit_entries_by_time, app.audit_entries_by_target, app.audit_entries_by_actor, app.audit_entries_not_ok;
create index audit_entries_by_time on app.audit_entries (workspace_id, at, seq) include (outcome); -- with what the picture over the list counts
create index audit_entries_by_action on app.audit_entries (workspace_id, action, at, seq);
create index audit_entries_by_target on app.audit_entries (workspace_id, target_id, at, seq) where target_id is not null;
create index audit_entries_by_actor on app.audit_entries (workspace_id, actor_id, at, seq) where actor_id is not null;
create index audit_entries_by_kind on app.audit_entries (workspace_id, actor_kind, at, seq) where actor_kind <> 'user';
create index audit_entries_not_ok on app.audit_entries (workspace_id, at, seq) where outcome <> 'ok';
-- What is only ever added to is vacuumed when a fifth more has come; an index alone answers for pages that were.
alter table app.audit_entries set (autovacuum_vacuum_insert_scale_factor = 0.02);
