-- The key log and the list that repeats it grow by one function, together with the secret they are about. Before, the jobs role could add a row to
-- either, and one that nobody signed fails the verification of every log of the installation.
revoke insert, update on sys.signing_keys from {{jobs}};
revoke insert on sys.key_events from {{jobs}};
drop function sec.replace_audit_secret(int, text);

-- Replaces version `replaced` of the audit's private key by `next`, which destroys the ones before, and stores the two key events that say so.
-- Waits for another rotation, and is false when one came in between. No signature is checked here, PostgreSQL has no Ed25519: what is checked
-- is that the events stand next in the log, are the new key's creation and the retirement of the one key that lived, and have the form readKeyLog reads.
create function sec.rotate_audit_key(replaced int, next text, created jsonb, retired jsonb) returns boolean
  language plpgsql volatile security definer set search_path = pg_catalog
as $$
declare
  newest  record;
  born    jsonb := created -> 'event';
  died    jsonb := retired -> 'event';
  old_key sys.signing_keys;
begin
  if not sec.is_system() then
    raise exception 'secrets are changed behind the system door' using errcode = '42501';
  end if;
  if next is null or next = '' then
    raise exception 'a secret is never empty' using errcode = '22023';
  end if;
  perform from sys.secrets where name = 'audit' and version = replaced for update;
  if not found or exists (select from sys.secrets where name = 'audit' and version > replaced) then
    return false;
  end if;
  select e.seq, e.event into strict newest from sys.key_events e order by e.seq desc limit 1;
  select k.* into strict old_key from sys.signing_keys k where k.retired_at is null;
  if (born ->> 'event', born ->> 'seq', born ->> 'prev', born ->> 'purpose', born ->> 'installation', born ->> 'keyId')
     is distinct from ('created', (newest.seq + 1)::text, newest.event ->> 'hash', 'audit', newest.event -> 'event' ->> 'installation', encode(substr(sha256(decode(born ->> 'publicKey', 'base64')), 1, 8), 'hex'))
     or (died ->> 'event', died ->> 'seq', died ->> 'prev', died ->> 'purpose', died ->> 'installation', died ->> 'keyId', died ->> 'publicKey', died ->> 'at')
     is distinct from ('retired', (newest.seq + 2)::text, created ->> 'hash', 'audit', born ->> 'installation', old_key.key_id, encode(old_key.public_key, 'base64'), born ->> 'at') then
    raise exception 'these events do not continue the key log' using errcode = '22023';
  end if;
  insert into sys.secrets (name, version, wrapped) values ('audit', replaced + 1, next);
  delete from sys.secrets where name = 'audit' and version <= replaced;
  insert into sys.key_events (seq, event) values (newest.seq + 1, created), (newest.seq + 2, retired);
  insert into sys.signing_keys (key_id, public_key, created_at) values (born ->> 'keyId', decode(born ->> 'publicKey', 'base64'), (born ->> 'at')::timestamptz);
  update sys.signing_keys set retired_at = (died ->> 'at')::timestamptz where key_id = old_key.key_id;
  return true;
end $$;

grant execute on function sec.rotate_audit_key(int, text, jsonb, jsonb) to {{jobs}};
