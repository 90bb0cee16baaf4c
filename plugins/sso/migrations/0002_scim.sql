-- Provisioning (SCIM 2.0). What the directory says of a person beside what app.users has.
create table app.sso_scim_users (
  workspace_id uuid not null references app.workspaces,
  id           uuid not null,
  user_id      uuid not null,
  external_id  text check (length(external_id) between 1 and 256),
  is_removed   boolean not null default false,
  version      int not null default 1,
  changed_at   timestamptz(3) not null default now(),
  primary key (workspace_id, id),
  foreign key (workspace_id, user_id) references app.users
);
create unique index sso_scim_user_once on app.sso_scim_users (workspace_id, user_id);
create index sso_scim_users_by_external_id on app.sso_scim_users (workspace_id, external_id);

create table app.sso_groups (
  workspace_id uuid not null references app.workspaces,
  id           uuid not null,
  display_name text not null check (length(display_name) between 1 and 200),
  external_id  text check (length(external_id) between 1 and 256),
  version      int not null default 1,
  made_at      timestamptz(3) not null default now(),
  changed_at   timestamptz(3) not null default now(),
  primary key (workspace_id, id)
);
create unique index sso_group_name_once on app.sso_groups (workspace_id, display_name);

create table app.sso_group_members (
  workspace_id uuid not null references app.workspaces,
  id           uuid not null,
  group_id     uuid not null,
  user_id      uuid not null,
  primary key (workspace_id, id),
  foreign key (workspace_id, group_id) references app.sso_groups on delete cascade,
  foreign key (workspace_id, user_id) references app.users
);
create unique index sso_group_member_once on app.sso_group_members (workspace_id, group_id, user_id);
create index sso_group_members_of_user on app.sso_group_members (workspace_id, user_id);

create table app.sso_scim_tokens (
  workspace_id uuid not null references app.workspaces,
  id           uuid not null,
  token_hash   bytea not null check (length(token_hash) = 32),
  made_at      timestamptz(3) not null default now(),
  used_at      timestamptz(3),
  primary key (workspace_id, id)
);
create unique index sso_scim_token_by_hash on app.sso_scim_tokens (workspace_id, token_hash);

call sec.protect('app.sso_scim_users', 'select, insert, update', false);
call sec.protect('app.sso_groups', 'select, insert, update, delete');
call sec.protect('app.sso_group_members', 'select, insert, delete');
call sec.protect('app.sso_scim_tokens', 'select, insert, update, delete', false);
