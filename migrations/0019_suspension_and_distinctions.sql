-- A suspended workspace lets nobody in. The moment stands where sessions and tokens are looked up, which is inside the workspace; it is set from
-- the system door alone, so that nobody who got hold of the role that serves can take a suspension back.
alter table app.workspaces add column suspended_at timestamptz;
revoke update on app.workspaces from {{app}}, {{jobs}};
grant update (name, time_zone, settings) on app.workspaces to {{app}};
grant update (suspended_at) on app.workspaces to {{jobs}};
call sec.open_to_system('app.workspaces', 'update');
call sec.forget_statistics('app.workspaces');

alter table app.sessions drop constraint sessions_ended_reason_check,
  add constraint sessions_ended_reason_check check (ended_reason in ('signed_out', 'ended', 'password_changed', 'factor_changed', 'disabled', 'replaced', 'suspended'));

-- Two contacts that somebody looked at and found to be two people, the smaller id first: neither the list of duplicates nor an import asks again.
create table app.contact_distinctions (
  workspace_id uuid not null references app.workspaces,
  first_id     uuid not null,
  second_id    uuid not null check (first_id < second_id),
  decided_by   uuid,
  decided_at   timestamptz not null default now(),
  primary key (workspace_id, first_id, second_id),
  foreign key (workspace_id, first_id) references app.contacts on delete cascade,
  foreign key (workspace_id, second_id) references app.contacts on delete cascade
);
create index contact_distinctions_by_second on app.contact_distinctions (workspace_id, second_id);

-- What was found in reviews before there was a place for it. Forced row-level security would hide them from the owner, who copies.
alter table app.match_reviews no force row level security;
insert into app.contact_distinctions (workspace_id, first_id, second_id, decided_by, decided_at)
select workspace_id, least(contact_id, candidate_id), greatest(contact_id, candidate_id), (array_agg(decided_by order by decided_at desc))[1], max(decided_at)
  from app.match_reviews where status = 'different' and contact_id <> candidate_id and decided_at is not null
 group by 1, 2, 3;
alter table app.match_reviews force row level security;

call sec.protect('app.contact_distinctions', 'select, insert, delete');
