-- Properties that a workspace gave its contacts (see ContactProperty in core/hooks.ts): one row for each that a contact has.
create table app.contact_values (
  workspace_id uuid not null references app.workspaces,
  id           uuid not null,
  contact_id   uuid not null,
  property     text not null check (property ~ '^custom\.[a-z][a-z0-9_]{0,39}$'),
  value        text not null,
  is_indexed   boolean not null,
  value_tag    bigint,                       -- of property and value, where the property can be searched for
  tags_version int not null default 1,
  primary key (workspace_id, id),
  foreign key (workspace_id, contact_id) references app.contacts on delete cascade
);
create unique index one_value_per_property on app.contact_values (workspace_id, contact_id, property);
create index contact_values_by_tag on app.contact_values (workspace_id, value_tag) where value_tag is not null;

call sec.protect('app.contact_values', 'select, insert, update, delete');
