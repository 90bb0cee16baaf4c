-- What an ordinary program would keep: the same contacts in the clear, B-trees on what is looked up, an audit table that is a table.
create schema app;
create table app.contacts (
  workspace_id uuid not null, id uuid not null, owner_id uuid, status text not null, preferred_channel text, tags text[] not null default '{}',
  given_name text, middle_name text, family_name text, name_prefix text, name_suffix text, preferred_name text, birth_date text, sex text, gender_identity text,
  pronouns text, language text, marital_status text, race text, ethnicity text, deceased_on text, notes text, merged_into_id uuid,
  version int not null default 1, created_at timestamptz(3) not null default now(), updated_at timestamptz(3) not null default now(),
  primary key (workspace_id, id)
);
create index contacts_by_owner on app.contacts (workspace_id, owner_id);
create index contacts_by_change on app.contacts (workspace_id, updated_at desc, id);
create index contacts_by_birth_date on app.contacts (workspace_id, birth_date);
create index contacts_by_family_name on app.contacts (workspace_id, lower(family_name) text_pattern_ops);
create index contacts_by_given_name on app.contacts (workspace_id, lower(given_name) text_pattern_ops);

create table app.contact_points (
  workspace_id uuid not null, id uuid not null, contact_id uuid not null, kind text not null, use text, rank int not null, value text not null,
  primary key (workspace_id, id), foreign key (workspace_id, contact_id) references app.contacts
);
create index contact_points_by_contact on app.contact_points (workspace_id, contact_id);
create index contact_points_by_value on app.contact_points (workspace_id, value);

create table app.contact_addresses (
  workspace_id uuid not null, id uuid not null, contact_id uuid not null, use text, lines text, city text, state text, postal_code text, country text,
  primary key (workspace_id, id), foreign key (workspace_id, contact_id) references app.contacts
);
create index contact_addresses_by_contact on app.contact_addresses (workspace_id, contact_id);

create table app.contact_identifiers (
  workspace_id uuid not null, id uuid not null, contact_id uuid not null, system text not null, value text not null,
  primary key (workspace_id, id), foreign key (workspace_id, contact_id) references app.contacts
);
create index contact_identifiers_by_contact on app.contact_identifiers (workspace_id, contact_id);
create index contact_identifiers_by_value on app.contact_identifiers (workspace_id, value);

create table app.audit_entries (
  workspace_id uuid not null, seq bigint generated always as identity, id uuid not null, at timestamptz not null, actor_kind text not null, actor_id uuid,
  action text not null, outcome text not null, target_type text, target_id text, body text not null, hash bytea not null, key_id text not null, signature bytea not null,
  primary key (workspace_id, seq)
);
create index audit_entries_by_time on app.audit_entries (workspace_id, at, seq);
create index audit_entries_by_action on app.audit_entries (workspace_id, action, at, seq);
create index audit_entries_by_target on app.audit_entries (workspace_id, target_id, at, seq) where target_id is not null;
create index audit_entries_by_actor on app.audit_entries (workspace_id, actor_id, at, seq) where actor_id is not null;

grant usage on schema app to wardkeep_app;
grant select, insert, update on all tables in schema app to wardkeep_app;
