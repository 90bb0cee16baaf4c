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

create function sec.require_voucher() returns trigger
  language plpgsql security definer set search_path = pg_catalog
as $$
declare said bytea;
begin
  if tg_table_name = 'audit_entries' then
    said := int8send(new.seq) || new.hash;
  elsif tg_table_name = 'audit_checkpoints' then
    said := int8send(new.size) || new.root || convert_to(new.note, 'UTF8');
  else
    said := int8send(new.level) || int8send(new.tile_index) || new.hashes;
  end if;
  -- Hashes are compared, not MACs: how long that takes tells nothing of the right one.
  perform from sec.context_keys k
    where sha256(substr(sha256(k.outer_pad || sha256(k.inner_pad || convert_to(tg_table_name || '|', 'UTF8') || uuid_send(new.workspace_id) || said)), 1, 16)) = sha256(new.voucher);
  if not found then
    raise exception '% takes only what the program has written', tg_table_name using errcode = '42501';
  end if;
  return null;
end $$;

-- After the row, so that row-level security has its say first.
create trigger written_by_the_program after insert on app.audit_entries for each row execute function sec.require_voucher();
create trigger written_by_the_program after insert on app.audit_checkpoints for each row execute function sec.require_voucher();
create trigger written_by_the_program after insert on app.audit_tiles for each row execute function sec.require_voucher();
