-- Key rotation rewrites every sealed value under the new key. A file name of an import never changes otherwise.
grant update (file_name) on app.import_outcomes to {{app}};
