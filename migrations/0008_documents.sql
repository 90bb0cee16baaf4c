-- A match that identifiers and demographics leave in doubt: the document is filed under a contact of its own, and a person says whether the
-- two are one (then they are merged, which can be undone).
create table app.match_reviews (
  workspace_id uuid not null references app.workspaces,
  id           uuid not null,
  document_id  uuid not null,
  contact_id   uuid not null,
  candidate_id uuid not null,
  reason       text not null check (reason in ('identifier_shared', 'demographics_differ', 'identifiers_differ', 'several_candidates')),
  status       text not null default 'open' check (status in ('open', 'same', 'different')),
  decided_by   uuid,
  decided_at   timestamptz,
  created_at   timestamptz not null default now(),
  primary key (workspace_id, id),
  foreign key (workspace_id, document_id) references app.documents,
  foreign key (workspace_id, contact_id) references app.contacts,
  foreign key (workspace_id, candidate_id) references app.contacts
);
create index open_match_reviews on app.match_reviews (workspace_id, created_at) where status = 'open';
create index match_reviews_by_document on app.match_reviews (workspace_id, document_id);

call sec.protect('app.match_reviews', 'select, insert, update');
