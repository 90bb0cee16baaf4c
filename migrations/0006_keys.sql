-- Rotation of data and index keys. A sealed value names its key; a tag cannot, so a row says under which index key its tags were made.
alter table app.contacts add column tags_version int not null default 1;
alter table app.contact_points add column tags_version int not null default 1;
alter table app.contact_identifiers add column tags_version int not null default 1;

-- A new version first waits as 'decrypt', with no activated_at, until every program can open it. `emptied_at`: when a rotation last found
-- nothing left under an old version, which tells a finished rotation from one that was interrupted.
alter table app.workspace_keys add column activated_at timestamptz default now();
alter table app.workspace_keys add column emptied_at timestamptz;

-- The sealed original of a document never changes but for the key it is sealed under.
grant update (content) on app.document_contents to {{app}};

call sec.forget_statistics('app.contacts');
call sec.forget_statistics('app.contact_points');
call sec.forget_statistics('app.contact_identifiers');
call sec.forget_statistics('app.workspace_keys');
