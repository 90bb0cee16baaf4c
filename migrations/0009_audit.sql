-- The key log (docs/audit.md): each signing key's creation and retirement, sealed and chained, so that a bundle can prove its keys.
create table sys.key_events (
  seq    int primary key check (seq > 0),
  event  jsonb not null
);
grant select on sys.key_events to {{app}}, {{jobs}};
grant insert on sys.key_events to {{jobs}};

-- A retired signing key signs nothing any more; its private half is destroyed with its retirement, so that nobody can steal it later.
grant delete on sys.secrets to {{jobs}};
