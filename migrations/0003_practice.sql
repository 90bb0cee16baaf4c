-- The practice's nouns. Columns that core/crypto/phi.ts lists hold sealed text, whatever their meaning; *_tag(s) are blind indexes.
-- Moments have milliseconds, as the program's own have, so that a moment read can be compared with the one stored.
create table app.contacts (
  workspace_id      uuid not null references app.workspaces,
  id                uuid not null,
  owner_id          uuid,
  status            text not null default 'new' check (status in ('new', 'active', 'inactive', 'deceased', 'merged')),
  preferred_channel text check (preferred_channel in ('phone', 'sms', 'email', 'portal', 'mail')),
  tags              text[] not null default '{}',
  given_name        text,
  middle_name       text,
  family_name       text,
  name_prefix       text,
  name_suffix       text,
  preferred_name    text,
  birth_date        text,
  sex               text,
  gender_identity   text,
  pronouns          text,
  language          text,
  marital_status    text,
  race              text,
  ethnicity         text,
  deceased_on       text,
  notes             text,
  name_tags         bigint[] not null default '{}',
  birth_date_tag    bigint,
  merged_into_id    uuid,
  version           int not null default 1,
  created_at        timestamptz(3) not null default now(),
  updated_at        timestamptz(3) not null default now(),
  primary key (workspace_id, id),
  foreign key (workspace_id, owner_id) references app.users,
  foreign key (workspace_id, merged_into_id) references app.contacts,
  check ((status = 'merged') = (merged_into_id is not null))
);
create index contacts_by_owner on app.contacts (workspace_id, owner_id, updated_at desc, id desc);
create index contacts_by_change on app.contacts (workspace_id, updated_at desc, id desc);
create index contacts_by_birth_date on app.contacts (workspace_id, birth_date_tag);
create index contacts_by_merge on app.contacts (workspace_id, merged_into_id) where merged_into_id is not null;

-- One row per name tag, kept by the trigger below alone. A GIN index on contacts.name_tags would be dead weight: array operators are not
-- leakproof, so under row-level security PostgreSQL applies them only to rows the policy has already let through. Equality of bigints is.
create table app.contact_name_tags (
  workspace_id uuid not null references app.workspaces,
  tag          bigint not null,
  contact_id   uuid not null,
  primary key (workspace_id, tag, contact_id)
);

create function sec.keep_name_tags() returns trigger
  language plpgsql set search_path = pg_catalog
as $$
begin
  if tg_op <> 'INSERT' then
    delete from app.contact_name_tags t
      where t.workspace_id = old.workspace_id and t.contact_id = old.id and t.tag = any (old.name_tags) and (tg_op = 'DELETE' or t.tag <> all (new.name_tags));
  end if;
  if tg_op <> 'DELETE' then
    insert into app.contact_name_tags (workspace_id, tag, contact_id)
      select new.workspace_id, tag, new.id from unnest(new.name_tags) as tag where tg_op = 'INSERT' or tag <> all (old.name_tags) on conflict do nothing;
  end if;
  return null;
end $$;
create trigger keep_name_tags after insert or delete or update of name_tags on app.contacts for each row execute function sec.keep_name_tags();

-- Several phones and e-mails each.
create table app.contact_points (
  workspace_id uuid not null references app.workspaces,
  id           uuid not null,
  contact_id   uuid not null,
  kind         text not null check (kind in ('phone', 'email')),
  use          text check (use in ('home', 'work', 'mobile', 'other')),
  rank         int not null default 1,
  value        text not null,
  value_tag    bigint,
  primary key (workspace_id, id),
  foreign key (workspace_id, contact_id) references app.contacts on delete cascade
);
create index contact_points_by_contact on app.contact_points (workspace_id, contact_id);
create index contact_points_by_value on app.contact_points (workspace_id, value_tag);

create table app.contact_addresses (
  workspace_id uuid not null references app.workspaces,
  id           uuid not null,
  contact_id   uuid not null,
  use          text check (use in ('home', 'work', 'temporary', 'other')),
  lines        text,
  city         text,
  state        text,
  postal_code  text,
  country      text,
  primary key (workspace_id, id),
  foreign key (workspace_id, contact_id) references app.contacts on delete cascade
);
create index contact_addresses_by_contact on app.contact_addresses (workspace_id, contact_id);

-- MRN, SSN, insurance member number: whatever an assigning authority (`system`, an OID or URI) gave.
create table app.contact_identifiers (
  workspace_id uuid not null references app.workspaces,
  id           uuid not null,
  contact_id   uuid not null,
  system       text not null,
  value        text not null,
  value_tag    bigint,   -- of system and value: the same person in two documents
  bare_tag     bigint,   -- of the value alone: what somebody reads off a card and types
  primary key (workspace_id, id),
  foreign key (workspace_id, contact_id) references app.contacts on delete cascade
);
create index contact_identifiers_by_contact on app.contact_identifiers (workspace_id, contact_id);
create index contact_identifiers_by_value on app.contact_identifiers (workspace_id, value_tag);
create index contact_identifiers_by_bare_value on app.contact_identifiers (workspace_id, bare_tag);

create table app.contact_shares (
  workspace_id uuid not null references app.workspaces,
  id           uuid not null,
  contact_id   uuid not null,
  user_id      uuid not null,
  access       text not null check (access in ('READ', 'WRITE')),
  shared_by    uuid,
  created_at   timestamptz(3) not null default now(),
  primary key (workspace_id, id),
  foreign key (workspace_id, contact_id) references app.contacts,
  foreign key (workspace_id, user_id) references app.users
);
create unique index one_share_each on app.contact_shares (workspace_id, contact_id, user_id);
create index contact_shares_by_user on app.contact_shares (workspace_id, user_id);

-- What a merge moved and overwrote, so that it can be undone: `moved` holds ids only, `survivor_before` is sealed.
create table app.contact_merges (
  workspace_id uuid not null references app.workspaces,
  id           uuid not null,
  survivor_id  uuid not null,
  merged_id    uuid not null,
  moved        jsonb not null,
  survivor_before text,
  merged_by    uuid,
  merged_at    timestamptz(3) not null default now(),
  undone_at    timestamptz(3),
  primary key (workspace_id, id),
  foreign key (workspace_id, survivor_id) references app.contacts,
  foreign key (workspace_id, merged_id) references app.contacts
);
create index contact_merges_by_merged on app.contact_merges (workspace_id, merged_id);
create index contact_merges_by_survivor on app.contact_merges (workspace_id, survivor_id);

create table app.activities (
  workspace_id uuid not null references app.workspaces,
  id           uuid not null,
  contact_id   uuid not null,
  kind         text not null check (kind in ('call', 'note', 'task', 'letter')),
  subject      text not null,
  body         text,
  due_on       date,
  done_at      timestamptz(3),
  assigned_to  uuid,
  author_id    uuid,
  occurred_at  timestamptz(3) not null,
  version      int not null default 1,
  created_at   timestamptz(3) not null default now(),
  updated_at   timestamptz(3) not null default now(),
  primary key (workspace_id, id),
  foreign key (workspace_id, contact_id) references app.contacts,
  foreign key (workspace_id, assigned_to) references app.users,
  check (kind = 'task' or (due_on is null and done_at is null))
);
create index activities_by_contact on app.activities (workspace_id, contact_id, occurred_at desc);
create index open_tasks on app.activities (workspace_id, assigned_to, due_on) where kind = 'task' and done_at is null;

create extension if not exists btree_gist;
create table app.appointments (
  workspace_id    uuid not null references app.workspaces,
  id              uuid not null,
  contact_id      uuid not null,
  practitioner_id uuid not null,
  starts_at       timestamptz(3) not null,
  ends_at         timestamptz(3) not null,
  time_zone       text not null,
  status          text not null default 'booked' check (status in ('booked', 'arrived', 'fulfilled', 'cancelled', 'noshow')),
  reason          text,
  notes           text,
  version         int not null default 1,
  created_at      timestamptz(3) not null default now(),
  updated_at      timestamptz(3) not null default now(),
  primary key (workspace_id, id),
  foreign key (workspace_id, contact_id) references app.contacts,
  foreign key (workspace_id, practitioner_id) references app.users,
  check (ends_at > starts_at and ends_at - starts_at <= interval '24 hours'),
  constraint no_double_booking exclude using gist (workspace_id with =, practitioner_id with =, tstzrange(starts_at, ends_at) with &&) where (status in ('booked', 'arrived'))
);
create index appointments_by_contact on app.appointments (workspace_id, contact_id, starts_at desc);
create index appointments_by_time on app.appointments (workspace_id, starts_at);

-- An imported or uploaded document. `sha256` is over the original bytes; `parsed` is what the reader made of it (sealed JSON).
create table app.documents (
  workspace_id   uuid not null references app.workspaces,
  id             uuid not null,
  contact_id     uuid,
  kind           text not null check (kind in ('ccda', 'pdf', 'other')),
  status         text not null default 'filed' check (status in ('filed', 'pending')),
  pending_reason text,
  title          text,
  file_name      text,
  media_type     text not null,
  bytes          bigint not null,
  sha256         bytea not null check (length(sha256) = 32),
  document_date  timestamptz(3),
  parsed         text,
  version        int not null default 1,
  created_at     timestamptz(3) not null default now(),
  updated_at     timestamptz(3) not null default now(),
  primary key (workspace_id, id),
  foreign key (workspace_id, contact_id) references app.contacts
);
create unique index one_document_per_content on app.documents (workspace_id, sha256);
create index documents_by_contact on app.documents (workspace_id, contact_id);
create index documents_pending on app.documents (workspace_id, created_at) where status = 'pending';

create table app.document_contents (
  workspace_id uuid not null references app.workspaces,
  id           uuid not null,
  content      text not null,
  primary key (workspace_id, id),
  foreign key (workspace_id, id) references app.documents on delete cascade
);

call sec.protect('app.contacts', 'select, insert, update');
call sec.protect('app.contact_name_tags', 'select, insert, delete', false);
call sec.protect('app.contact_points', 'select, insert, update, delete');
call sec.protect('app.contact_addresses', 'select, insert, update, delete');
call sec.protect('app.contact_identifiers', 'select, insert, update, delete');
call sec.protect('app.contact_shares', 'select, insert, update, delete');
call sec.protect('app.contact_merges', 'select, insert, update');
call sec.protect('app.activities', 'select, insert, update');
call sec.protect('app.appointments', 'select, insert, update');
call sec.protect('app.documents', 'select, insert, update');
call sec.protect('app.document_contents', 'select, insert');
