-- What stands in the audit was written by the program. The roles it runs under may add entries, checkpoints and tiles, and so might SQL of somebody's own
-- inside a request: one row that nobody signed fails the log's verification for good, since no run-time role can take it away and an entry has others
-- standing on it. PostgreSQL has no Ed25519. A row therefore carries a voucher, HMAC-SHA-256-128 (RFC 4868) under the key that only the owner and the
-- program have, over the table, the workspace and what the signature rests on: the entry's hash in its place, the checkpoint's root and note, the tile's hashes.
alter table app.audit_entries add column voucher bytea;
alter table app.audit_checkpoints add column voucher bytea;
alter table app.audit_tiles add column voucher bytea;
call sec.forget_statistics('app.audit_entries');
call sec.forget_statistics('app.audit_checkpoints');
call sec.forget_statistics('app.audit_tiles');


-- An entry stands where the program put it, or has no voucher: the look at the entry before (0023, 0024) has nothing left to refuse, and cost more.
drop trigger follows_another on app.audit_entries;
drop function sec.require_previous_entry();

-- Every act waits for this one, so it asks for no table's name. In both, hashes are compared, not MACs: how long that takes tells nothing of the right one.
create function sec.require_entry_voucher() returns trigger
  language plpgsql security definer set search_path = pg_catalog
as $$
begin
  perform from sec.context_keys k
    where sha256(substr(sha256(k.outer_pad || sha256(k.inner_pad || 'audit_entries|'::bytea || uuid_send(new.workspace_id) || int8send(new.seq) || new.hash)), 1, 16)) = sha256(new.voucher);
  if not found then
    raise exception 'audit_entries takes only what the program has written' using errcode = '42501';
  end if;
  return null;
end $$;

create function sec.require_voucher() returns trigger
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

-- After the row, so that row-level security has its say first.
create trigger written_by_the_program after insert on app.audit_entries for each row execute function sec.require_entry_voucher();
create trigger written_by_the_program after insert on app.audit_checkpoints for each row execute function sec.require_voucher();
create trigger written_by_the_program after insert on app.audit_tiles for each row execute function sec.require_voucher();
