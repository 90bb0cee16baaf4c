-- What a person proves who they are with, the sessions that follow, and the counters that slow guessing down.
-- Tokens are stored as SHA-256 only: they hold 256 random bits, so a plain hash is enough (ASVS 5.0 V6.5.2).

create table app.passwords (
  workspace_id uuid not null references app.workspaces,
  user_id      uuid not null,
  hash         text not null check (hash ~ '^\$(argon2id|2[aby])\$'),
  changed_at   timestamptz not null default now(),
  primary key (workspace_id, user_id),
  foreign key (workspace_id, user_id) references app.users
);

-- `secret` is sealed. `last_step` is the newest time step whose code was used; it only ever grows.
create table app.totp_factors (
  workspace_id  uuid not null references app.workspaces,
  id            uuid not null,
  user_id       uuid not null,
  secret        text not null,
  last_step     bigint,
  failed_in_row int not null default 0,
  created_at    timestamptz not null default now(),
  primary key (workspace_id, id),
  foreign key (workspace_id, user_id) references app.users
);
create unique index one_totp_each on app.totp_factors (workspace_id, user_id);

create table app.passkeys (
  workspace_id  uuid not null references app.workspaces,
  id            uuid not null,
  user_id       uuid not null,
  credential_id text not null check (length(credential_id) <= 1400),
  public_key    bytea not null,
  sign_count    bigint not null,
  name          text not null check (length(name) between 1 and 60),
  transports    text[] not null default '{}',
  aaguid        text,
  is_syncable   boolean not null,
  is_backed_up  boolean not null,
  created_at    timestamptz not null default now(),
  last_used_at  timestamptz,
  primary key (workspace_id, id),
  foreign key (workspace_id, user_id) references app.users
);
create unique index passkeys_by_credential on app.passkeys (workspace_id, credential_id);
create index passkeys_by_user on app.passkeys (workspace_id, user_id);

create table app.recovery_codes (
  workspace_id uuid not null references app.workspaces,
  id           uuid not null,
  user_id      uuid not null,
  code_hash    bytea not null check (length(code_hash) = 32),
  created_at   timestamptz not null default now(),
  used_at      timestamptz,
  primary key (workspace_id, id),
  foreign key (workspace_id, user_id) references app.users
);
create unique index recovery_codes_by_hash on app.recovery_codes (workspace_id, user_id, code_hash);

-- Between the first step and the second. `enrol` leads to setting up a second factor and nowhere else.
create table app.mfa_challenges (
  workspace_id uuid not null references app.workspaces,
  id           uuid not null,
  user_id      uuid not null,
  purpose      text not null check (purpose in ('sign_in', 'enrol')),
  token_hash   bytea not null check (length(token_hash) = 32),
  attempts     int not null default 0,
  created_at   timestamptz not null default now(),
  expires_at   timestamptz not null,
  consumed_at  timestamptz,
  primary key (workspace_id, id),
  foreign key (workspace_id, user_id) references app.users
);
create unique index mfa_challenges_by_token on app.mfa_challenges (workspace_id, token_hash);
create index mfa_challenges_by_user on app.mfa_challenges (workspace_id, user_id);

-- WebAuthn challenges, each good for one ceremony. `binding` names the session or the challenge row that asked for it.
create table app.passkey_challenges (
  workspace_id uuid not null references app.workspaces,
  challenge_hash bytea not null check (length(challenge_hash) = 32),
  purpose      text not null check (purpose in ('register', 'sign_in', 'second_factor', 'step_up')),
  binding      text,
  expires_at   timestamptz not null,
  consumed_at  timestamptz,
  primary key (workspace_id, challenge_hash)
);
create index passkey_challenges_by_expiry on app.passkey_challenges (workspace_id, expires_at);

create table app.sessions (
  workspace_id uuid not null references app.workspaces,
  id           uuid not null,
  user_id      uuid not null,
  token_hash   bytea not null check (length(token_hash) = 32),
  method       text not null,
  ip           text,
  user_agent   text,
  created_at   timestamptz not null default now(),
  last_seen_at timestamptz not null default now(),
  assured_at   timestamptz not null default now(),
  ended_at     timestamptz,
  ended_reason text check (ended_reason in ('signed_out', 'ended', 'password_changed', 'factor_changed', 'disabled', 'replaced')),
  primary key (workspace_id, id),
  foreign key (workspace_id, user_id) references app.users
);
create unique index sessions_by_token on app.sessions (workspace_id, token_hash);
create index live_sessions on app.sessions (workspace_id, user_id) where ended_at is null;

-- Invitations, password resets and, in the installation's own workspace, the setup link.
create table app.one_time_links (
  workspace_id uuid not null references app.workspaces,
  id           uuid not null,
  purpose      text not null check (purpose in ('invitation', 'password_reset', 'setup')),
  user_id      uuid,
  token_hash   bytea not null check (length(token_hash) = 32),
  created_at   timestamptz not null default now(),
  expires_at   timestamptz not null,
  used_at      timestamptz,
  primary key (workspace_id, id),
  foreign key (workspace_id, user_id) references app.users,
  check ((purpose = 'setup') = (user_id is null))
);
create unique index one_time_links_by_token on app.one_time_links (workspace_id, token_hash);
create index one_time_links_by_user on app.one_time_links (workspace_id, user_id);

call sec.protect('app.passwords', 'select, insert, update');
call sec.protect('app.totp_factors', 'select, insert, update, delete', false);   -- a refused code is counted, and its own entry says so
call sec.protect('app.passkeys', 'select, insert, update, delete');
call sec.protect('app.recovery_codes', 'select, insert, update, delete');
call sec.protect('app.mfa_challenges', 'select, insert, update, delete', false);
call sec.protect('app.passkey_challenges', 'select, insert, update, delete', false);
call sec.protect('app.sessions', 'select, insert, update, delete', false);       -- last seen is not an act
call sec.protect('app.one_time_links', 'select, insert, update, delete');

-- When a service account was last used is not an act either; everything else about it is.
drop trigger leaves_audit_entry on app.service_accounts;
create constraint trigger leaves_audit_entry
  after insert or delete or update of name, role, scopes, token_prefix, token_hash, created_by, expires_at, revoked_at on app.service_accounts
  deferrable initially deferred for each row execute function sec.require_audit_entry();

-- How often a subject (HMAC of an address or an e-mail, so the table names nobody) tried to sign in of late; shared by all processes.
create table sys.attempt_counters (
  subject       bytea primary key check (length(subject) = 32),
  attempts      int not null,
  last_at       timestamptz not null,
  blocked_until timestamptz
);
create index attempt_counters_by_time on sys.attempt_counters (last_at);
alter table sys.attempt_counters enable row level security, force row level security;
create policy system_door on sys.attempt_counters to {{jobs}} using ((select sec.is_system())) with check ((select sec.is_system()));
grant select, insert, update, delete on sys.attempt_counters to {{jobs}};
