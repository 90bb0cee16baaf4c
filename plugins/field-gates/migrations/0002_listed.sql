-- A property may stand in lists of contacts, under the name.
alter table app.field_gates_properties add column is_listed boolean not null default false;
call sec.forget_statistics('app.field_gates_properties');
