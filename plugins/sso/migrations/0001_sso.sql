-- Whom a provider's subject is in this workspace. Issuer and subject together are the identity; an e-mail never is.
create table app.sso_identities (
  workspace_id uuid not null references app.workspaces,
  id           uuid not null,
  user_id      uuid not null,
  issuer       text not null check (length(issuer) between 1 and 1024),
  subject      text not null check (length(subject) between 1 and 256),
  linked_at    timestamptz(3) not null default now(),
  last_used_at timestamptz(3) not null default now(),
  primary key (workspace_id, id),
  foreign key (workspace_id, user_id) references app.users
);
create unique index sso_identity_once on app.sso_identities (workspace_id, issuer, subject);
create index sso_identities_of_user on app.sso_identities (workspace_id, user_id);

-- Sign-ins on their way: what the browser's return has to match. Taken away with the first answer.
create table app.sso_flows (
  workspace_id uuid not null references app.workspaces,
  id           uuid not null,
  handle_hash  bytea not null check (length(handle_hash) = 32),
  pending      text not null,
  expires_at   timestamptz(3) not null,
  primary key (workspace_id, id)
);
create unique index sso_flow_by_handle on app.sso_flows (workspace_id, handle_hash);

-- Assertions, logout requests and logout tokens that were used: the index makes one winner over all processes.
create table app.sso_used_tokens (
  workspace_id uuid not null references app.workspaces,
  id           uuid not null,
  issuer       text not null,
  token_hash   bytea not null check (length(token_hash) = 32),
  expires_at   timestamptz(3) not null,
  primary key (workspace_id, id)
);
create unique index sso_token_once on app.sso_used_tokens (workspace_id, issuer, token_hash);

-- Sessions at the provider, so that its sign-out ends ours and ours can end its.
create table app.sso_provider_sessions (
  workspace_id uuid not null references app.workspaces,
  id           uuid not null,
  user_id      uuid not null,
  issuer       text not null,
  subject      text not null,
  session_key  text,              -- sid, or SessionIndex
  hint         text,              -- what the provider knows its session by: the ID token
  begun_at     timestamptz(3) not null default now(),
  primary key (workspace_id, id),
  foreign key (workspace_id, user_id) references app.users
);
create index sso_provider_sessions_of_user on app.sso_provider_sessions (workspace_id, user_id, begun_at desc);
create index sso_provider_sessions_by_key on app.sso_provider_sessions (workspace_id, issuer, session_key);

-- Our own pairs for SAML. The oldest that is not retired signs; a coming one stands in our metadata before it does.
create table app.sso_keys (
  workspace_id uuid not null references app.workspaces,
  id           uuid not null,
  private_key  text not null,
  certificate  text not null,
  made_at      timestamptz(3) not null default now(),
  retired_at   timestamptz(3),
  primary key (workspace_id, id)
);

call sec.protect('app.sso_identities', 'select, insert, update, delete', false);
call sec.protect('app.sso_flows', 'select, insert, delete', false);
call sec.protect('app.sso_used_tokens', 'select, insert, delete', false);
call sec.protect('app.sso_provider_sessions', 'select, insert, delete', false);
call sec.protect('app.sso_keys', 'select, insert, update');
