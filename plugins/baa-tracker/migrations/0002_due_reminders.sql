-- One row for each mark before a review or the end of an attestation at which somebody was told; what has to be done stands on the subprocessor's page.
create table app.baa_tracker_due_reminders (
  workspace_id    uuid not null references app.workspaces,
  id              uuid not null,
  subprocessor_id uuid not null,
  kind            text not null check (kind in ('review', 'attestation')),
  attestation_id  uuid,
  due_on          date not null,
  days_before     int not null,
  told            uuid[] not null,
  made_at         timestamptz(3) not null,
  primary key (workspace_id, id),
  foreign key (workspace_id, subprocessor_id) references app.baa_tracker_subprocessors,
  foreign key (workspace_id, attestation_id) references app.baa_tracker_attestations,
  check ((kind = 'attestation') = (attestation_id is not null))
);
create unique index baa_tracker_one_due_reminder on app.baa_tracker_due_reminders (workspace_id, subprocessor_id, attestation_id, due_on, days_before) nulls not distinct;

call sec.protect('app.baa_tracker_due_reminders', 'select, insert');
