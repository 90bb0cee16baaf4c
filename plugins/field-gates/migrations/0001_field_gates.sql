-- Who may read and who may write a field of contacts. A field without a row is open to every role; nobody writes what they do not read.
create table app.field_gates_rules (
  workspace_id uuid not null references app.workspaces,
  id           uuid not null,
  field        text not null,
  readers      text[] not null check (readers <@ array['ADMIN', 'MANAGER', 'AGENT', 'READONLY']),
  writers      text[] not null check (writers <@ readers),
  changed_at   timestamptz(3) not null default now(),
  primary key (workspace_id, id)
);
create unique index field_gates_one_rule on app.field_gates_rules (workspace_id, field);

-- Properties that a workspace adds to its contacts; what stands in them is in app.contact_values, sealed.
create table app.field_gates_properties (
  workspace_id uuid not null references app.workspaces,
  id           uuid not null,
  name         text not null check (name ~ '^[a-z][a-z0-9_]{0,39}$'),
  label        text not null,
  type         text not null check (type in ('text', 'number', 'date', 'boolean', 'choice')),
  choices      text[] not null default '{}',
  is_indexed   boolean not null,
  is_retired   boolean not null default false,
  created_at   timestamptz(3) not null default now(),
  primary key (workspace_id, id)
);
create unique index field_gates_one_property on app.field_gates_properties (workspace_id, name);

call sec.protect('app.field_gates_rules', 'select, insert, update, delete');
call sec.protect('app.field_gates_properties', 'select, insert, update');
