create table app.appointment_webhook_deliveries (
  workspace_id   uuid not null references app.workspaces,
  id             uuid not null,
  appointment_id uuid not null,
  status         int not null,
  delivered_at   timestamptz(3) not null,
  primary key (workspace_id, id)
);
create index appointment_webhook_by_time on app.appointment_webhook_deliveries (workspace_id, delivered_at desc);

call sec.protect('app.appointment_webhook_deliveries', 'select, insert');
