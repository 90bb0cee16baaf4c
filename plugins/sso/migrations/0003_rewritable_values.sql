-- Neither changes but for the key it is sealed under.
grant update (pending) on app.sso_flows to {{app}};
grant update (hint) on app.sso_provider_sessions to {{app}};
