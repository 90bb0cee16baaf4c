-- Who signs in is held by a row lock until they are in, so that whoever disables them meanwhile waits. The trust page tries that on somebody made up, under
-- the jobs role, and FOR SHARE asks for UPDATE on some column.
grant update (time_zone) on app.users to {{jobs}};
