-- The queue is graphile-worker's, in its own schema, migrated just before these files run. Only the jobs role works it; the app role adds
-- jobs through one function, which stamps the workspace it has entered.
revoke all on schema graphile_worker from public;
revoke all on all functions in schema graphile_worker from public;
alter view graphile_worker.jobs set (security_invoker = true);

grant usage on schema graphile_worker to {{jobs}};
grant select on graphile_worker.migrations to {{jobs}};
grant select, insert on graphile_worker._private_tasks to {{jobs}};
grant select, insert, update on graphile_worker._private_job_queues, graphile_worker._private_known_crontabs to {{jobs}};
grant select, insert, update, delete on graphile_worker._private_jobs to {{jobs}};
grant execute on all functions in schema graphile_worker to {{jobs}};

-- graphile-worker enables row-level security on its tables without a policy: a way of saying "owner only" that would keep the jobs role out
-- as well. The grants above say it exactly; a payload names its workspace and has no room for PHI.
alter table graphile_worker._private_tasks disable row level security;
alter table graphile_worker._private_job_queues disable row level security;
alter table graphile_worker._private_known_crontabs disable row level security;
alter table graphile_worker._private_jobs disable row level security;

-- Adds a job of the entered workspace, in this transaction: it exists only if the act that asked for it commits. Through the system door
-- a job may be added for any workspace. `job_key` replaces a waiting job of the same workspace, name and key.
create function sec.enqueue(job text, input jsonb, run_at timestamptz default null, job_key text default null, workspace uuid default null) returns void
  language plpgsql volatile security definer set search_path = pg_catalog
as $$
declare bound uuid := sec.workspace();
begin
  if job is null or job !~ '^[a-z][a-z_]*(\.[a-z][a-z_]*)+$' or length(job) > 64 or input is null or length(input::text) > 4000 or length(job_key) > 200 then
    raise exception 'not a job' using errcode = '22023';
  end if;
  if workspace is not null and workspace <> bound then
    if not sec.is_system() then
      raise exception 'a job belongs to the workspace that was entered' using errcode = '42501';
    end if;
    bound := workspace;
  end if;
  perform graphile_worker.add_job(
    identifier => job,
    payload => json_build_object('workspace', bound, 'input', input),
    run_at => run_at,
    max_attempts => 12,
    job_key => bound || '/' || job || '/' || job_key);
end $$;
grant execute on function sec.enqueue(text, jsonb, timestamptz, text, uuid) to {{app}}, {{jobs}};
