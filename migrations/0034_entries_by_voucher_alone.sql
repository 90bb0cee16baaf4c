-- Every act waits for what its entry's triggers do. An entry stands where the program put it, or has no voucher: the look at the entry before (0023, 0024)
-- has nothing left to refuse, and cost more than the voucher does. The voucher of an entry is checked by a function of its own, which asks for no table's name.
drop trigger follows_another on app.audit_entries;
drop function sec.require_previous_entry();
drop trigger written_by_the_program on app.audit_entries;

create function sec.require_entry_voucher() returns trigger
  language plpgsql security definer set search_path = pg_catalog
as $$
begin
  -- Hashes are compared, not MACs: how long that takes tells nothing of the right one.
  perform from sec.context_keys k
    where sha256(substr(sha256(k.outer_pad || sha256(k.inner_pad || 'audit_entries|'::bytea || uuid_send(new.workspace_id) || int8send(new.seq) || new.hash)), 1, 16)) = sha256(new.voucher);
  if not found then
    raise exception 'audit_entries takes only what the program has written' using errcode = '42501';
  end if;
  return null;
end $$;
create trigger written_by_the_program after insert on app.audit_entries for each row execute function sec.require_entry_voucher();

create or replace function sec.require_voucher() returns trigger
  language plpgsql security definer set search_path = pg_catalog
as $$
declare said bytea;
begin
  if tg_table_name = 'audit_checkpoints' then
    said := int8send(new.size) || new.root || convert_to(new.note, 'UTF8');
  else
    said := int8send(new.level) || int8send(new.tile_index) || new.hashes;
  end if;
  perform from sec.context_keys k
    where sha256(substr(sha256(k.outer_pad || sha256(k.inner_pad || convert_to(tg_table_name || '|', 'UTF8') || uuid_send(new.workspace_id) || said)), 1, 16)) = sha256(new.voucher);
  if not found then
    raise exception '% takes only what the program has written', tg_table_name using errcode = '42501';
  end if;
  return null;
end $$;
