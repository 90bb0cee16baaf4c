-- What is signed or filed never changes but for the key it is sealed under.
grant update (note) on app.baa_tracker_transitions to {{app}};
grant update (file_name) on app.baa_tracker_documents to {{app}};
grant update (content) on app.baa_tracker_contents to {{app}};
grant update (findings) on app.baa_tracker_reviews to {{app}};
