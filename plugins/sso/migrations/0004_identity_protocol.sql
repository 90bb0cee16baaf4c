-- A provider may have one name in both protocols and another subject for the same person in each, as a Keycloak realm has. Null: linked before; the next sign-in says which.
alter table app.sso_identities add column protocol text check (protocol in ('oidc', 'saml'));
drop index app.sso_identity_once;
create unique index sso_identity_once on app.sso_identities (workspace_id, issuer, subject, protocol) nulls not distinct;
call sec.forget_statistics('app.sso_identities');
