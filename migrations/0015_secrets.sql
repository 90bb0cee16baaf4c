-- The jobs role changes the installation's secrets only through the two functions below, behind the system door: it replaces the audit's
-- signing key by the next one, and wraps a secret anew. It neither adds a secret nor takes one away.
revoke insert, update, delete on sys.secrets from {{jobs}};

-- The next version of the audit's private key; the ones before are destroyed with it. Waits for another rotation, and is false when one came
-- in between.
create function sec.replace_audit_secret(replaced int, next text) returns boolean
  language plpgsql volatile security definer set search_path = pg_catalog
as $$
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
  insert into sys.secrets (name, version, wrapped) values ('audit', replaced + 1, next);
  delete from sys.secrets where name = 'audit' and version <= replaced;
  return true;
end $$;

-- The same secret under another root key. False when it was changed meanwhile.
create function sec.rewrap_secret(secret text, secret_version int, present text, next text) returns boolean
  language plpgsql volatile security definer set search_path = pg_catalog
as $$
begin
  if not sec.is_system() then
    raise exception 'secrets are changed behind the system door' using errcode = '42501';
  end if;
  if next is null or next = '' then
    raise exception 'a secret is never empty' using errcode = '22023';
  end if;
  update sys.secrets set wrapped = next where name = secret and version = secret_version and wrapped = present;
  return found;
end $$;

grant execute on function sec.replace_audit_secret(int, text), sec.rewrap_secret(text, int, text, text) to {{jobs}};
