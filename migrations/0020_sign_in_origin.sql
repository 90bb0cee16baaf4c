-- What a sign-in began with goes with its second step, so that the session says truly how it came about; and the plugin's own name for a
-- provider's word goes with the session, so that only such a session is signed out at the provider.
alter table app.mfa_challenges
  add column first_factor text not null default 'password' check (first_factor in ('password', 'oidc', 'saml')),
  add column vouched_by uuid;
alter table app.sessions add column vouched_by uuid;
call sec.forget_statistics('app.mfa_challenges');
call sec.forget_statistics('app.sessions');
