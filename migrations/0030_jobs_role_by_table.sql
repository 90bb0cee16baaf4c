-- The jobs role had on every workspace table what the role that serves requests has. It works the queue and stands behind the system door: of patients,
-- and of plugins, it needs nothing. What it may do stands here and in JOBS_GRANTS (core/db/coverage/expected.ts), table by table.
revoke all on all tables in schema app from {{jobs}};

-- The same as before, but for whom it grants to: a table that the jobs role works on, too, says so with a GRANT of its own.
create or replace procedure sec.protect(tbl regclass, privileges text, business boolean default true)
  language plpgsql set search_path = pg_catalog
as $$
begin
  execute format('alter table %s enable row level security, force row level security', tbl);
  execute format('create policy tenant on %s to {{app}}, {{jobs}} using (workspace_id = (select sec.workspace())) with check (workspace_id = (select sec.workspace()))', tbl);
  execute format('grant %s on %s to {{app}}', privileges, tbl);
  if business then
    execute format('create constraint trigger leaves_audit_entry after insert or update or delete on %s deferrable initially deferred for each row execute function sec.require_audit_entry()', tbl);
  end if;
  call sec.forget_statistics(tbl);
end $$;

-- The directory of workspaces and what is wrapped by a root key, the e-mails people sign in with, plans, the link of the first set-up.
grant select, insert, update (suspended_at) on app.workspaces to {{jobs}};
grant select, insert, update (wrapped) on app.workspace_keys to {{jobs}};
grant select on app.users to {{jobs}};
grant select, insert on app.entitlements to {{jobs}};
grant select, insert, update (used_at), delete on app.one_time_links to {{jobs}};

-- The installation's own log.
grant select, insert on app.audit_entries, app.audit_checkpoints, app.audit_tiles, app.audit_verifications to {{jobs}};

-- What the trust page tries on people who are made up, behind the system door and undone (core/trust/trial.ts): a sign-in and a suspension.
grant insert on app.users to {{jobs}};
grant select, insert, update on app.passwords to {{jobs}};
grant select, insert, update (ended_at, ended_reason), delete on app.sessions to {{jobs}};
grant select, insert, update (last_used_at) on app.service_accounts to {{jobs}};
grant select, insert, delete on app.mfa_challenges to {{jobs}};
grant select on app.totp_factors, app.passkeys, app.recovery_codes, app.plugin_switches to {{jobs}};
