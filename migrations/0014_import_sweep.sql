-- A spreadsheet is kept while its columns wait to be matched and while its refused rows may be asked for, no longer (core/practice/imports/sweep-sources.ts).
grant delete on app.import_sources to {{app}};
