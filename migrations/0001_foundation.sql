-- The ground everything stands on: schemas, the signed workspace context, and sec.protect(), which every workspace table goes through.
-- {{app}} and {{jobs}} are the two run-time roles; the role that runs this file is the owner and never serves a request.

create schema sec;   -- security functions and their keys; the run-time roles may only call three functions here
create schema sys;   -- the installation's own rows (no PHI): directory of workspaces, wrapped secrets, signing keys
create schema app;   -- workspace tables, every one behind row-level security

revoke all on schema public from public;
grant usage on schema app, sec, sys to {{app}}, {{jobs}};
alter default privileges revoke execute on functions from public;

-- The context key in HMAC form (RFC 2104: key ^ ipad, key ^ opad, 64 bytes each). Only the owner reads it; the program holds the same key.
create table sec.context_keys (
  id         text primary key check (id ~ '^[a-z0-9]{1,16}$'),
  inner_pad  bytea not null check (length(inner_pad) = 64),
  outer_pad  bytea not null check (length(outer_pad) = 64),
  created_at timestamptz not null default now()
);

-- What this backend's transaction has entered. Sequences, because currval() is memory of the session that neither a client without privileges
-- on them can read or set, nor a rollback to a savepoint can rewind; unlogged, so that reading assigns no transaction id and writes no WAL.
create unlogged sequence sec.entered_at     as bigint;                                           -- start of that transaction, µs since epoch
create unlogged sequence sec.entered_until  as bigint;                                           -- expiry of its token, ms since epoch
create unlogged sequence sec.entered_nth    as bigint;                                           -- how manieth entry on this connection
create unlogged sequence sec.entered_high   as bigint minvalue -9223372036854775808 start 0;     -- the workspace's id, first and last 64 bits
create unlogged sequence sec.entered_low    as bigint minvalue -9223372036854775808 start 0;

-- Binds this transaction of this backend to a workspace. `token` is `workspace|backend pid|nth entry on this connection|expiry (ms since
-- epoch)|mac`, minted by the program. A wrong mac, pid or expiry raises; so does a token used before, and a second call in one transaction.
-- Session-level locks of an earlier borrower of the connection are dropped.
-- Written for few expressions: PL/pgSQL prepares each anew in every transaction.
create function sec.enter(token text) returns void
  language plpgsql volatile security definer set search_path = pg_catalog
as $$
declare
  part     text[] := string_to_array(token, '|');
  started  bigint := (date_part('epoch', now()) * 1000000)::bigint;
  expires  bigint;
  last_at  bigint;
  last_nth bigint;
begin
  -- Hashes of the MACs are compared, so that the comparison's timing tells nothing.
  perform from sec.context_keys k
    where k.id = split_part(part[5], '.', 1) and array_length(part, 1) = 5
      and sha256(convert_to(split_part(part[5], '.', 2), 'UTF8'))
        = sha256(convert_to(encode(sha256(k.outer_pad || sha256(k.inner_pad || convert_to('enter|' || array_to_string(part[1:4], '|'), 'UTF8'))), 'hex'), 'UTF8'));
  if not found then
    raise exception 'workspace context is not signed by this installation' using errcode = '42501';
  end if;
  if part[2]::int <> pg_backend_pid() then
    raise exception 'workspace context belongs to another connection' using errcode = '42501';
  end if;
  expires := part[4]::bigint;
  if expires < date_part('epoch', clock_timestamp()) * 1000 then
    raise exception 'workspace context has expired' using errcode = '42501';
  end if;
  begin
    last_at := currval('sec.entered_at');
    last_nth := currval('sec.entered_nth');
  exception when object_not_in_prerequisite_state then
    last_nth := 0; -- nothing entered yet: only a first token may say so, or DISCARD SEQUENCES would undo the two refusals below
  end;
  if last_at = started then
    raise exception 'this transaction has already entered a workspace' using errcode = '42501';
  end if;
  if part[3]::bigint <= last_nth or (last_nth = 0 and part[3] <> '1') then
    raise exception 'workspace context has been used before' using errcode = '42501';
  end if;
  perform setval('sec.entered_at', started), setval('sec.entered_nth', part[3]::bigint), setval('sec.entered_until', expires),
          setval('sec.entered_high', ('x' || encode(substr(uuid_send(part[1]::uuid), 1, 8), 'hex'))::bit(64)::bigint),
          setval('sec.entered_low', ('x' || encode(substr(uuid_send(part[1]::uuid), 9), 'hex'))::bit(64)::bigint),
          set_config('app.workspace_id', part[1], true), pg_advisory_unlock_all();
end $$;

-- The workspace this transaction entered. Raises without one, after its expiry, or when app.workspace_id was set by anyone but sec.enter().
-- Policies call it as an InitPlan, `workspace_id = (select sec.workspace())`: once per statement, not per row.
create function sec.workspace() returns uuid
  language plpgsql stable security definer parallel restricted set search_path = pg_catalog
as $$
declare
  context text := current_setting('app.workspace_id', true);
  entered uuid;
begin
  if context is null or context = '' then
    raise exception 'no workspace has been entered' using errcode = '42501';
  end if;
  if currval('sec.entered_at') <> (date_part('epoch', now()) * 1000000)::bigint then
    raise exception 'this transaction has not entered a workspace' using errcode = '42501';
  end if;
  if currval('sec.entered_until') < date_part('epoch', clock_timestamp()) * 1000 then
    raise exception 'workspace context has expired' using errcode = '42501';
  end if;
  entered := encode(int8send(currval('sec.entered_high')) || int8send(currval('sec.entered_low')), 'hex')::uuid;
  if context <> entered::text then
    raise exception 'workspace context was not set by sec.enter()' using errcode = '42501';
  end if;
  return entered;
end $$;

-- The system door enters the installation's own workspace (the nil UUID), which only the program can sign, and only for the jobs role.
create function sec.is_system() returns boolean
  language sql stable security definer parallel restricted set search_path = pg_catalog
  as $$ select session_user = '{{jobs:name}}' and sec.workspace() = '00000000-0000-0000-0000-000000000000'::uuid $$;

grant execute on function sec.enter(text), sec.workspace(), sec.is_system() to {{app}}, {{jobs}};

-- The planner's statistics come from the rows of all workspaces, so EXPLAIN of `email < 'm'` would tell where other workspaces' addresses
-- lie: no column of a workspace table keeps any. Indexes led by workspace_id are chosen without them. Call it again after ADD COLUMN.
create procedure sec.forget_statistics(tbl regclass)
  language plpgsql set search_path = pg_catalog
as $$
declare col record;
begin
  for col in select attname from pg_attribute where attrelid = tbl and attnum > 0 and not attisdropped loop
    execute format('alter table %s alter column %I set statistics 0', tbl, col.attname);
  end loop;
  for col in select i.indexrelid::regclass as index, k.position from pg_index i, unnest(i.indkey::int2[]) with ordinality as k(attnum, position) where i.indrelid = tbl and k.attnum = 0 loop
    execute format('alter index %s alter column %s set statistics 0', col.index, col.position);
  end loop;
end $$;

-- Puts a workspace table behind the policy and grants exactly what is named. `business` tables also refuse to commit a change that left
-- no audit entry in the same transaction.
create procedure sec.protect(tbl regclass, privileges text, business boolean default true)
  language plpgsql set search_path = pg_catalog
as $$
begin
  execute format('alter table %s enable row level security, force row level security', tbl);
  execute format('create policy tenant on %s to {{app}}, {{jobs}} using (workspace_id = (select sec.workspace())) with check (workspace_id = (select sec.workspace()))', tbl);
  execute format('grant %s on %s to {{app}}, {{jobs}}', privileges, tbl);
  if business then
    execute format('create constraint trigger leaves_audit_entry after insert or update or delete on %s deferrable initially deferred for each row execute function sec.require_audit_entry()', tbl);
  end if;
  call sec.forget_statistics(tbl);
end $$;

-- Lets the system door (sign-in by e-mail, the list of workspaces) see a table across workspaces. The closed list is checked at boot.
create procedure sec.open_to_system(tbl regclass, command text)
  language plpgsql set search_path = pg_catalog
as $$
begin
  execute format('create policy system_door_%s on %s for %s to {{jobs}} %s ((select sec.is_system()))', command, tbl, command,
    case command when 'insert' then 'with check' else 'using' end);
end $$;

-- ---------------------------------------------------------------------------------------------------------------- the installation
create table sys.installation (
  singleton  boolean primary key default true check (singleton),
  id         uuid not null,
  created_at timestamptz not null default now()
);
grant select on sys.installation to {{app}}, {{jobs}};

-- Secrets of the program, wrapped by a root key (design invariant 3): context key, form key, private signing keys.
create table sys.secrets (
  name        text not null,
  version     int not null,
  wrapped     text not null,
  created_at  timestamptz not null default now(),
  primary key (name, version)
);
grant select on sys.secrets to {{app}}, {{jobs}};
grant insert, update on sys.secrets to {{jobs}};

-- The key log: public signing keys and their life. Rows are only ever added or closed.
create table sys.signing_keys (
  key_id      text primary key check (key_id ~ '^[0-9a-f]{16}$'),
  public_key  bytea not null check (length(public_key) = 32),
  purpose     text not null default 'audit',
  created_at  timestamptz not null default now(),
  retired_at  timestamptz
);
grant select on sys.signing_keys to {{app}}, {{jobs}};
grant insert, update (retired_at) on sys.signing_keys to {{jobs}};

-- Which workspaces there are. Outside app because a slug is unique across workspaces; only the system door reads it.
create table sys.workspaces (
  id         uuid primary key,
  slug       text not null unique check (slug ~ '^[a-z][a-z0-9-]{1,38}$'),
  status     text not null default 'active' check (status in ('active', 'suspended', 'terminated')),
  created_at timestamptz not null default now()
);
alter table sys.workspaces enable row level security, force row level security;
create policy system_door on sys.workspaces to {{jobs}} using ((select sec.is_system())) with check ((select sec.is_system()));
grant select, insert, update on sys.workspaces to {{jobs}};

-- -------------------------------------------------------------------------------------------------------------------- workspaces
create table app.workspaces (
  workspace_id uuid primary key,
  name         text not null check (length(name) between 1 and 120),
  slug         text not null,
  time_zone    text not null default 'America/New_York',
  settings     jsonb not null default '{}',
  created_at   timestamptz not null default now()
);

-- Data and blind-index keys of a workspace, wrapped by a root key. `encryptions` is an upper bound: the program reserves in blocks before
-- it uses a key, so a crash can only over-count (NIST SP 800-38D section 8.3: at most 2^32 random-nonce encryptions under one key).
create table app.workspace_keys (
  workspace_id uuid not null references app.workspaces,
  kind         text not null check (kind in ('data', 'index')),
  version      int not null check (version > 0),
  wrapped      text not null,
  status       text not null default 'active' check (status in ('active', 'decrypt', 'retired')),
  encryptions  bigint not null default 0,
  created_at   timestamptz not null default now(),
  retired_at   timestamptz,
  primary key (workspace_id, kind, version)
);
create unique index one_active_key on app.workspace_keys (workspace_id, kind) where status = 'active';

-- ------------------------------------------------------------------------------------------------------------------------- audit
-- `body` is the canonical text (RFC 8785) that was hashed and signed; the other columns repeat it for searching and are checked against it.
create table app.audit_entries (
  workspace_id uuid not null references app.workspaces,
  seq          bigint not null check (seq > 0),
  id           uuid not null,
  at           timestamptz not null,
  actor_kind   text not null check (actor_kind in ('user', 'agent', 'patient', 'system')),
  actor_id     uuid,
  action       text not null,
  outcome      text not null check (outcome in ('ok', 'refused', 'failed')),
  target_type  text,
  target_id    text,
  body         text not null,
  hash         bytea not null check (length(hash) = 32),
  key_id       text not null,
  signature    bytea not null check (length(signature) = 64),
  xid          xid8 not null default pg_current_xact_id(),
  primary key (workspace_id, seq)
);
create index audit_entries_by_time on app.audit_entries (workspace_id, at);
create index audit_entries_by_target on app.audit_entries (workspace_id, target_id) where target_id is not null;
create index audit_entries_by_actor on app.audit_entries (workspace_id, actor_id) where actor_id is not null;

-- Signed heads (C2SP tlog-checkpoint) and the Merkle tree's full 256-wide tiles (C2SP tlog-tiles), both append-only.
create table app.audit_checkpoints (
  workspace_id uuid not null references app.workspaces,
  size         bigint not null,
  root         bytea not null check (length(root) = 32),
  note         text not null,
  created_at   timestamptz not null default now(),
  primary key (workspace_id, size)
);
create table app.audit_tiles (
  workspace_id uuid not null references app.workspaces,
  level        int not null,
  tile_index   bigint not null,
  hashes       bytea not null check (length(hashes) = 8192),
  primary key (workspace_id, level, tile_index)
);
create table app.audit_verifications (
  workspace_id uuid not null references app.workspaces,
  id           uuid not null,
  started_at   timestamptz not null,
  finished_at  timestamptz not null,
  from_seq     bigint not null,
  to_seq       bigint not null,
  ok           boolean not null,
  fault        text,
  fault_seq    bigint,
  primary key (workspace_id, id)
);
create index audit_verifications_by_time on app.audit_verifications (workspace_id, finished_at);

-- A deferred constraint trigger on every business table: the sealing door holds the chain's lock until commit, so the newest entry of the
-- workspace is this transaction's own or there is none.
create function sec.require_audit_entry() returns trigger
  language plpgsql set search_path = pg_catalog
as $$
declare newest xid8;
begin
  select e.xid into newest from app.audit_entries e where e.workspace_id = (select sec.workspace()) order by e.seq desc limit 1;
  if newest is distinct from pg_current_xact_id() then
    raise exception 'a change to % left no audit entry', tg_table_name using errcode = '23514';
  end if;
  return null;
end $$;
grant execute on function sec.require_audit_entry() to {{app}}, {{jobs}};

-- The installation's own workspace: its chain holds the acts of the system door. It has no keys, since it holds no PHI.
insert into app.workspaces (workspace_id, name, slug) values ('00000000-0000-0000-0000-000000000000', 'This installation', 'installation');

call sec.protect('app.workspaces', 'select, insert, update');
call sec.open_to_system('app.workspaces', 'insert');
call sec.open_to_system('app.workspaces', 'select');
call sec.protect('app.workspace_keys', 'select, insert, update', false);
call sec.open_to_system('app.workspace_keys', 'insert');
call sec.protect('app.audit_entries', 'select, insert', false);
call sec.protect('app.audit_checkpoints', 'select, insert', false);
call sec.protect('app.audit_tiles', 'select, insert', false);
call sec.protect('app.audit_verifications', 'select, insert', false);
