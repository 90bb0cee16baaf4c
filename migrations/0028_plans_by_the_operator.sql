-- A plan is the operator's to grant. The role that serves requests may read it: with an INSERT of one's own it could be raised from inside a request.
revoke insert on app.entitlements from {{app}};
call sec.open_to_system('app.entitlements', 'insert');
