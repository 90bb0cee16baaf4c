-- Plugins. What each loaded plugin declares about its tables stays here when it is removed, so that its rows are still checked, sealed under
-- new keys and counted before an old key is retired. Written by the owner when it migrates.
create table sys.plugins (
  name        text primary key check (name ~ '^[a-z]+(-[a-z]+)*$'),
  version     text not null,
  tables      jsonb not null,   -- { table: { sealed: [column], plain: { column: reason }, unaudited: reason | null } }
  recorded_at timestamptz not null default now()
);
grant select on sys.plugins to {{app}}, {{jobs}};

-- A plugin in a workspace. Off keeps the row, and with it the settings: sealed whole, as they may hold another system's credentials.
create table app.plugin_switches (
  workspace_id uuid not null references app.workspaces,
  id           uuid not null,
  plugin       text not null,
  is_on        boolean not null,
  settings     text not null,
  agreement_missing_since timestamptz(3),   -- since when a subprocessor of a running plugin has had no agreement in force
  is_suspended boolean not null default false,
  warned_until timestamptz(3),              -- end of the agreement of which the thirty-day warning has been given
  changed_at   timestamptz(3) not null default now(),
  primary key (workspace_id, id)
);
create unique index one_switch_per_plugin on app.plugin_switches (workspace_id, plugin);

-- What a suspended or switched-off plugin would have done: ids and words, put back into the queue when it runs again.
create table app.plugin_parked_jobs (
  workspace_id uuid not null references app.workspaces,
  id           uuid not null,
  plugin       text not null,
  job          text not null,
  input        jsonb not null,
  parked_at    timestamptz(3) not null default now(),
  primary key (workspace_id, id)
);
create index plugin_parked_jobs_by_plugin on app.plugin_parked_jobs (workspace_id, plugin, parked_at);

-- The plan of a workspace, as the installation's operator granted it. The newest row counts; none is the free plan.
create table app.entitlements (
  workspace_id uuid not null references app.workspaces,
  id           uuid not null,
  tier         text not null check (tier in ('free', 'pro', 'enterprise')),
  ends_at      timestamptz(3),
  granted_at   timestamptz(3) not null default now(),
  primary key (workspace_id, id)
);
create index entitlements_by_time on app.entitlements (workspace_id, granted_at desc);

call sec.protect('app.plugin_switches', 'select, insert, update');
call sec.protect('app.plugin_parked_jobs', 'select, insert, delete', false);   -- waiting, not an act
call sec.protect('app.entitlements', 'select, insert');
