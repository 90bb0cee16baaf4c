-- Who serves requests counts a key's uses and moves it through its life; the wrapped key itself is changed behind the system door alone,
-- when it is wrapped by another root key.
revoke update on app.workspace_keys from {{app}}, {{jobs}};
grant update (encryptions, status, activated_at, emptied_at, retired_at) on app.workspace_keys to {{app}};
grant update (wrapped) on app.workspace_keys to {{jobs}};
call sec.open_to_system('app.workspace_keys', 'select');
call sec.open_to_system('app.workspace_keys', 'update');
