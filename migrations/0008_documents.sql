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

-- One upload or command run, and what became of each file or row. File names may carry a patient's name: they are sealed.
create table app.import_batches (
  workspace_id uuid not null references app.workspaces,
  id           uuid not null,
  kind         text not null check (kind in ('ccda', 'csv')),
  status       text not null check (status in ('mapping', 'running', 'done', 'failed')),
  started_by   uuid,
  starter_name text not null,
  file_name    text,
  total        int not null default 0,
  done         int not null default 0,
  imported     int not null default 0,
  unchanged    int not null default 0,
  created      int not null default 0,
  matched      int not null default 0,
  pending      int not null default 0,
  refused      int not null default 0,
  created_at   timestamptz not null default now(),
  touched_at   timestamptz not null default now(),
  primary key (workspace_id, id)
);
create index import_batches_by_time on app.import_batches (workspace_id, created_at desc);

create table app.import_outcomes (
  workspace_id uuid not null references app.workspaces,
  id           uuid not null,
  batch_id     uuid not null,
  position     int not null,
  file_name    text not null,
  outcome      text not null check (outcome in ('created', 'matched', 'pending', 'unchanged', 'refused')),
  code         text,
  reason       text,
  line         int,
  column_no    int,
  contact_id   uuid,
  document_id  uuid,
  primary key (workspace_id, id),
  foreign key (workspace_id, batch_id) references app.import_batches on delete cascade
);
create index import_outcomes_by_batch on app.import_outcomes (workspace_id, batch_id, position);

-- A spreadsheet between its upload and its import, and afterwards for its refused rows.
create table app.import_sources (
  workspace_id uuid not null references app.workspaces,
  id           uuid not null,
  content      text not null,
  mapping      jsonb,
  created_at   timestamptz not null default now(),
  primary key (workspace_id, id),
  foreign key (workspace_id, id) references app.import_batches on delete cascade
);

call sec.protect('app.import_batches', 'select, insert, update', false);
call sec.protect('app.import_outcomes', 'select, insert', false);
call sec.protect('app.import_sources', 'select, insert, update', false);
