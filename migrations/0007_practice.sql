-- Answers given to creates that carried an Idempotency-Key, kept for a day so that a repeated request gets the first one's answer
-- (draft-ietf-httpapi-idempotency-key-header). Key and request are MACed, since a request holds PHI; the answer is sealed.
create table app.idempotency_keys (
  workspace_id uuid not null references app.workspaces,
  id           uuid not null,
  actor_id     uuid not null,
  key_mac      bytea not null check (length(key_mac) = 32),
  request_mac  bytea not null check (length(request_mac) = 32),
  answer       text,
  expires_at   timestamptz(3) not null,
  primary key (workspace_id, id)
);
create unique index one_answer_per_key on app.idempotency_keys (workspace_id, actor_id, key_mac);
create index idempotency_keys_by_expiry on app.idempotency_keys (workspace_id, expires_at);

call sec.protect('app.idempotency_keys', 'select, insert, update, delete', false);
