-- What every row pays for. PostgreSQL reads the text of each CHECK and WHEN anew in every statement that writes to the table, plans a query of a trigger
-- with the policies of all it reads, and locks the row that a foreign key points to. What is said here was said before, by dearer means.

-- The words a column may hold, as domains: their conditions stay compiled in the session. Each gets its condition once its columns have the type:
-- the other way round PostgreSQL would write every table anew, the entries and all their indexes among them, instead of reading it once.
create domain app.contact_status as text;
create domain app.contact_channel as text;
create domain app.contact_point_kind as text;
create domain app.contact_point_use as text;
create domain app.contact_address_use as text;
create domain app.actor_kind as text;
create domain app.audit_outcome as text;
create domain app.audit_seq as bigint;
create domain app.sha256_digest as bytea;
create domain app.ed25519_signature as bytea;

alter table app.contacts drop constraint contacts_status_check, drop constraint contacts_preferred_channel_check,
  alter column status type app.contact_status, alter column preferred_channel type app.contact_channel;
alter table app.contact_points drop constraint contact_points_kind_check, drop constraint contact_points_use_check,
  alter column kind type app.contact_point_kind, alter column use type app.contact_point_use;
alter table app.contact_addresses drop constraint contact_addresses_use_check, alter column use type app.contact_address_use;
drop trigger follows_another on app.audit_entries; -- made again below, without its WHEN
alter table app.audit_entries drop constraint audit_entries_seq_check, drop constraint audit_entries_actor_kind_check, drop constraint audit_entries_outcome_check,
  drop constraint audit_entries_hash_check, drop constraint audit_entries_signature_check,
  alter column seq type app.audit_seq, alter column actor_kind type app.actor_kind, alter column outcome type app.audit_outcome,
  alter column hash type app.sha256_digest, alter column signature type app.ed25519_signature;

alter domain app.contact_status add check (value in ('new', 'active', 'inactive', 'deceased', 'merged'));
alter domain app.contact_channel add check (value in ('phone', 'sms', 'email', 'portal', 'mail'));
alter domain app.contact_point_kind add check (value in ('phone', 'email'));
alter domain app.contact_point_use add check (value in ('home', 'work', 'mobile', 'other'));
alter domain app.contact_address_use add check (value in ('home', 'work', 'temporary', 'other'));
alter domain app.actor_kind add check (value in ('user', 'agent', 'patient', 'system'));
alter domain app.audit_outcome add check (value in ('ok', 'refused', 'failed'));
alter domain app.audit_seq add check (value > 0);
alter domain app.sha256_digest add check (length(value) = 32);
alter domain app.ed25519_signature add check (length(value) = 64);

-- Every act of a workspace locked the workspace's one row, together with whatever else was going on there. Nothing may be written but for the
-- workspace that was entered (the policies' WITH CHECK), whose keys had to be found first, and no run-time role may delete one.
alter table app.audit_entries drop constraint audit_entries_workspace_id_fkey;
alter table app.contacts drop constraint contacts_workspace_id_fkey;

-- The policy of the entries asks which workspace was entered, and whether the setting says the same: asking here as well asked twice for every row changed.
-- In both, order and limit name the one index that gives them: plans are made once in a session, perhaps for an empty table, where going through all
-- entries of the workspace by another index looks as cheap.
create or replace function sec.require_audit_entry() returns trigger
  language plpgsql set search_path = pg_catalog
as $$
declare newest xid8;
begin
  select e.xid into newest from app.audit_entries e where e.workspace_id = current_setting('app.workspace_id')::uuid order by e.seq desc limit 1;
  if newest is distinct from pg_current_xact_id() then
    raise exception 'a change to % left no audit entry', tg_table_name using errcode = '23514';
  end if;
  return null;
end $$;

create or replace function sec.require_previous_entry() returns trigger
  language plpgsql set search_path = pg_catalog
as $$
declare before bigint;
begin
  if new.seq > 1 then
    select e.seq into before from app.audit_entries e where e.workspace_id = new.workspace_id and e.seq < new.seq order by e.seq desc limit 1;
    if before is distinct from new.seq - 1 then
      raise exception 'an audit entry has none before it' using errcode = '23503';
    end if;
  end if;
  return null;
end $$;
create trigger follows_another after insert on app.audit_entries for each row execute function sec.require_previous_entry();

-- A new contact has no name tags yet, so none can be there already: only a name that changes has to look.
create or replace function sec.keep_name_tags() returns trigger
  language plpgsql set search_path = pg_catalog
as $$
begin
  if tg_op = 'INSERT' then
    insert into app.contact_name_tags (workspace_id, tag, contact_id) select distinct new.workspace_id, tag, new.id from unnest(new.name_tags) as tag;
    return null;
  end if;
  delete from app.contact_name_tags t
    where t.workspace_id = old.workspace_id and t.contact_id = old.id and t.tag = any (old.name_tags) and (tg_op = 'DELETE' or t.tag <> all (new.name_tags));
  if tg_op = 'UPDATE' then
    insert into app.contact_name_tags (workspace_id, tag, contact_id)
      select new.workspace_id, tag, new.id from unnest(new.name_tags) as tag where tag <> all (old.name_tags) on conflict do nothing;
  end if;
  return null;
end $$;
