-- People who work in a workspace, and the service accounts that work for them. E-mail is unique within a workspace only: across workspaces
-- it would tell one practice who works at another.
create table app.users (
  workspace_id  uuid not null references app.workspaces,
  id            uuid not null,
  email         text not null check (email = lower(email) and length(email) between 3 and 254),
  name          text not null check (length(name) between 1 and 120),
  role          text not null check (role in ('ADMIN', 'MANAGER', 'AGENT', 'READONLY')),
  designations  text[] not null default '{}' check (designations <@ array['SECURITY_OFFICER']),
  status        text not null default 'active' check (status in ('invited', 'active', 'disabled')),
  time_zone     text,
  created_at    timestamptz not null default now(),
  updated_at    timestamptz not null default now(),
  primary key (workspace_id, id)
);
create unique index users_by_email on app.users (workspace_id, email);
-- No index on email alone, although sign-in looks across workspaces: EXPLAIN ANALYZE would count the foreign rows it found and discarded.

create table app.service_accounts (
  workspace_id  uuid not null references app.workspaces,
  id            uuid not null,
  name          text not null check (length(name) between 1 and 120),
  role          text not null check (role in ('ADMIN', 'MANAGER', 'AGENT', 'READONLY')),
  scopes        text[] not null,
  token_prefix  text not null,
  token_hash    bytea not null check (length(token_hash) = 32),
  created_by    uuid,
  created_at    timestamptz not null default now(),
  expires_at    timestamptz not null,
  revoked_at    timestamptz,
  last_used_at  timestamptz,
  primary key (workspace_id, id)
);
create unique index service_accounts_by_token on app.service_accounts (workspace_id, token_hash);

call sec.protect('app.users', 'select, insert, update');
call sec.open_to_system('app.users', 'select');
call sec.protect('app.service_accounts', 'select, insert, update');
