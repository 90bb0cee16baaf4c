-- Rows that hang on a contact name its workspace and its id in one foreign key, and the contact names its workspace; name tags are made by a
-- trigger out of the contact's own row. A second key to app.workspaces on each of them said the same again, at the price of a look-up for
-- every row: thirty of them for one new contact.
alter table app.contact_name_tags drop constraint contact_name_tags_workspace_id_fkey;
alter table app.contact_points drop constraint contact_points_workspace_id_fkey;
alter table app.contact_addresses drop constraint contact_addresses_workspace_id_fkey;
alter table app.contact_identifiers drop constraint contact_identifiers_workspace_id_fkey;
