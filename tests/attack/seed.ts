import type { Workspace } from './target.ts';

/** The same rows in both schemas. Three hundred colleagues, so that the planner would have something to keep statistics of. */
export const seed = ({ id, userId, contactId, email, marker }: Workspace): string => `
  insert into app.users (workspace_id, id, email, name, role) values ('${id}', '${userId}', '${email}', '${marker}', 'ADMIN');
  insert into app.users (workspace_id, id, email, name, role)
    select '${id}', gen_random_uuid(), substr(md5(n || '${marker}'), 1, 12) || '@${marker}.example', '${marker}', 'AGENT' from generate_series(1, 300) n;
  insert into app.contacts (workspace_id, id, owner_id, status, family_name) values ('${id}', '${contactId}', '${userId}', 'active', '${marker}');
  insert into app.contacts (workspace_id, id, status, family_name) select '${id}', gen_random_uuid(), 'active', '${marker}' from generate_series(1, 40);
  insert into app.contact_points (workspace_id, id, contact_id, kind, value) values ('${id}', gen_random_uuid(), '${contactId}', 'phone', '${marker}');`;

export const CENSUS = `select (select count(*) from app.contacts where workspace_id = $1) as contacts, (select string_agg(md5(c::text), '' order by id) from app.contacts c where workspace_id = $1) as rows,
  (select count(*) from app.users) as users, (select count(*) from app.contact_points) as points`;

/** What a request does while another looks on: it holds its workspace's audit chain. */
export const BUSY = ({ id }: Workspace): string => `select pg_advisory_xact_lock(hashtextextended('${id}', 4711))`;
