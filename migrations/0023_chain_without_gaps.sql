-- Every entry stands on the one before it, in the database as in the chain. Without this, whoever got to run one INSERT of his own could put an
-- entry at the far end of the sequence, where no program could ever go on behind it and no role could take it away.
create function sec.require_previous_entry() returns trigger
  language plpgsql set search_path = pg_catalog
as $$
begin
  perform from app.audit_entries e where e.workspace_id = new.workspace_id and e.seq = new.seq - 1;
  if not found then
    raise exception 'an audit entry has none before it' using errcode = '23503';
  end if;
  return null;
end $$;
grant execute on function sec.require_previous_entry() to {{app}}, {{jobs}};
-- After the statement, whose rows may come in any order.
create trigger follows_another after insert on app.audit_entries for each row when (new.seq > 1) execute function sec.require_previous_entry();
