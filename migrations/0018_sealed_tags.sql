-- A tag such as "hiv clinic" says what a patient has, so tags are sealed like everything else that is written about one; *_tags are blind
-- indexes, and lists filter by theirs. Their plain text cannot be sealed here, where there are no keys, and is neither kept nor dropped
-- unasked: where some is left, nothing is changed. Forced row-level security would hide the rows from the owner, who asks.
alter table app.contacts no force row level security;
do $$
declare tagged bigint;
begin
  select count(*) into tagged from app.contacts where tags <> '{}';
  if tagged > 0 then
    raise exception '% contacts have tags in the clear, and a migration has no keys to seal them with. Go back to the version before, note the tags and take them off, then start this version and enter them again; a demo’s data folder can be deleted instead', tagged;
  end if;
end $$;
alter table app.contacts force row level security;

alter table app.contacts drop column tags;
alter table app.contacts add column tags text, add column label_tags bigint[] not null default '{}';
call sec.forget_statistics('app.contacts');
