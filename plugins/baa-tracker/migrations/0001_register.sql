-- The register: who gets patients' data, under which agreement, and what was done about each. Nothing is ever deleted from it.
create table app.baa_tracker_subprocessors (
  workspace_id  uuid not null references app.workspaces,
  id            uuid not null,
  name          text not null,
  service       text not null,
  purpose       text not null,
  phi_class     text not null check (phi_class in ('none', 'transit', 'store')),
  data_elements text[] not null default '{}' check (data_elements <@ array['names', 'contact', 'birth_dates', 'identifiers', 'appointments', 'clinical', 'insurance', 'payments', 'messages', 'images', 'metadata']),
  location      text not null,
  contact_name  text,
  contact_email text,
  contact_phone text,
  notes         text,
  is_operator   boolean not null default false,
  in_use        boolean not null default true,
  owner_id      uuid,
  next_review_on date not null,
  version       int not null default 1,
  created_at    timestamptz(3) not null default now(),
  updated_at    timestamptz(3) not null default now(),
  primary key (workspace_id, id),
  foreign key (workspace_id, owner_id) references app.users
);
create unique index baa_tracker_one_per_name on app.baa_tracker_subprocessors (workspace_id, lower(name));
create unique index baa_tracker_one_operator on app.baa_tracker_subprocessors (workspace_id) where is_operator;

create table app.baa_tracker_attestations (
  workspace_id     uuid not null references app.workspaces,
  id               uuid not null,
  subprocessor_id  uuid not null,
  kind             text not null check (kind in ('soc2', 'iso27001', 'hitrust', 'pci_dss', 'fedramp', 'penetration_test', 'other')),
  issuer           text not null,
  issued_on        date not null,
  expires_on       date,
  recorded_by      uuid not null,
  recorded_at      timestamptz(3) not null,
  primary key (workspace_id, id),
  foreign key (workspace_id, subprocessor_id) references app.baa_tracker_subprocessors
);
create index baa_tracker_attestations_by_subprocessor on app.baa_tracker_attestations (workspace_id, subprocessor_id, issued_on desc);

create table app.baa_tracker_agreements (
  workspace_id    uuid not null references app.workspaces,
  id              uuid not null,
  subprocessor_id uuid not null,
  kind            text not null check (kind in ('baa', 'dpa', 'flow_down')),
  title           text not null,
  status          text not null check (status in ('draft', 'sent', 'signed', 'in_force', 'expiring', 'expired', 'terminated', 'superseded')),
  our_party       text not null,
  their_party     text not null,
  our_signatory   text,
  their_signatory text,
  effective_on    date not null,
  expires_on      date,
  renewal_months  int check (renewal_months between 1 and 120),   -- null: it ends by itself
  notice_days     int not null default 0 check (notice_days between 0 and 730),
  breach_notice_hours   int check (breach_notice_hours between 1 and 1440),
  security_incident_hours int check (security_incident_hours between 1 and 1440),
  access_request_days   int check (access_request_days between 1 and 365),
  data_return_days      int check (data_return_days between 0 and 730),
  terms           text,
  owner_id        uuid not null,
  supersedes_id   uuid,
  ended_on        date,                                            -- the last day it was in force, once it has ended otherwise than by expiry
  version         int not null default 1,
  created_at      timestamptz(3) not null default now(),
  updated_at      timestamptz(3) not null default now(),
  primary key (workspace_id, id),
  foreign key (workspace_id, subprocessor_id) references app.baa_tracker_subprocessors,
  foreign key (workspace_id, supersedes_id) references app.baa_tracker_agreements,
  foreign key (workspace_id, owner_id) references app.users,
  check (expires_on is null or expires_on >= effective_on),
  check (renewal_months is null or expires_on is not null)
);
create index baa_tracker_agreements_by_subprocessor on app.baa_tracker_agreements (workspace_id, subprocessor_id, effective_on);

create table app.baa_tracker_transitions (
  workspace_id uuid not null references app.workspaces,
  id           uuid not null,
  agreement_id uuid not null,
  number       int not null,                                      -- the agreement's version it made: several steps may share a moment
  from_status  text check (from_status in ('draft', 'sent', 'signed', 'in_force', 'expiring', 'expired', 'terminated', 'superseded')),
  to_status    text not null check (to_status in ('draft', 'sent', 'signed', 'in_force', 'expiring', 'expired', 'terminated', 'superseded')),
  by_id        uuid,
  by_name      text not null,
  at           timestamptz(3) not null,
  note         text,
  primary key (workspace_id, id),
  foreign key (workspace_id, agreement_id) references app.baa_tracker_agreements
);
create unique index baa_tracker_transition_numbers on app.baa_tracker_transitions (workspace_id, agreement_id, number);

create table app.baa_tracker_documents (
  workspace_id uuid not null references app.workspaces,
  id           uuid not null,
  agreement_id uuid not null,
  number       int not null,
  kind         text not null check (kind in ('draft', 'signed', 'amendment')),
  file_name    text not null,
  bytes        int not null,
  sha256       bytea not null,
  uploaded_by  uuid not null,
  uploader_name text not null,
  uploaded_at  timestamptz(3) not null,
  primary key (workspace_id, id),
  foreign key (workspace_id, agreement_id) references app.baa_tracker_agreements
);
create unique index baa_tracker_document_numbers on app.baa_tracker_documents (workspace_id, agreement_id, number);

create table app.baa_tracker_contents (
  workspace_id uuid not null references app.workspaces,
  id           uuid not null,
  content      text not null,
  primary key (workspace_id, id),
  foreign key (workspace_id, id) references app.baa_tracker_documents
);

-- One row for each mark that was reached: on which day it was due, who was told, who has seen it.
create table app.baa_tracker_reminders (
  workspace_id    uuid not null references app.workspaces,
  id              uuid not null,
  agreement_id    uuid not null,
  decide_by       date not null,
  days_before     int not null,
  told            uuid[] not null,
  is_escalated    boolean not null,
  made_at         timestamptz(3) not null,
  acknowledged_by uuid,
  acknowledger_name text,
  acknowledged_at timestamptz(3),
  primary key (workspace_id, id),
  foreign key (workspace_id, agreement_id) references app.baa_tracker_agreements
);
create unique index baa_tracker_one_reminder on app.baa_tracker_reminders (workspace_id, agreement_id, decide_by, days_before);

create table app.baa_tracker_notices (
  workspace_id    uuid not null references app.workspaces,
  id              uuid not null,
  subprocessor_id uuid not null,
  change          text not null check (change in ('added', 'replaced', 'removed', 'relocated', 'purpose', 'other')),
  description     text not null,
  received_on     date not null,
  effective_on    date not null,
  status          text not null check (status in ('open', 'acknowledged', 'objected')),
  recorded_by     uuid not null,
  recorder_name   text not null,
  decided_by      uuid,
  decider_name    text,
  decided_at      timestamptz(3),
  decision_note   text,
  primary key (workspace_id, id),
  foreign key (workspace_id, subprocessor_id) references app.baa_tracker_subprocessors
);
create index baa_tracker_notices_by_subprocessor on app.baa_tracker_notices (workspace_id, subprocessor_id, received_on desc);

create table app.baa_tracker_reviews (
  workspace_id    uuid not null references app.workspaces,
  id              uuid not null,
  subprocessor_id uuid not null,
  outcome         text not null check (outcome in ('continue', 'change', 'end')),
  findings        text not null,
  signed_by       uuid not null,
  signer_name     text not null,
  signed_at       timestamptz(3) not null,
  next_review_on  date not null,
  primary key (workspace_id, id),
  foreign key (workspace_id, subprocessor_id) references app.baa_tracker_subprocessors
);
create index baa_tracker_reviews_by_subprocessor on app.baa_tracker_reviews (workspace_id, subprocessor_id, signed_at desc);

call sec.protect('app.baa_tracker_subprocessors', 'select, insert, update');
call sec.protect('app.baa_tracker_attestations', 'select, insert');
call sec.protect('app.baa_tracker_agreements', 'select, insert, update');
call sec.protect('app.baa_tracker_transitions', 'select, insert');
call sec.protect('app.baa_tracker_documents', 'select, insert');
call sec.protect('app.baa_tracker_contents', 'select, insert');
call sec.protect('app.baa_tracker_reminders', 'select, insert, update');
call sec.protect('app.baa_tracker_notices', 'select, insert, update');
call sec.protect('app.baa_tracker_reviews', 'select, insert');
