import t from 'tap';
import { EXPORT_FORMATS, exportLog } from '../../core/security/audit/export-log.ts';
import { asSuperuser } from '../../core/db/embedded.ts';
import { openPractice } from '../api/open-server.ts';
import { scopeAs } from '../support/people.ts';

// An entry with a body that is none, left by the owner's hand or by SQL of somebody's own in the time before vouchers. No program can take it away, and
// nothing that shows the log may break off at it.

const { app, people, agent, browser, database } = await openPractice(t);
const officer = scopeAs(people.officer, { assuredAt: Date.now() });
const BODIES = ['{ no JSON', 'null', '[]', '{}', '{"actor":null,"detail":null,"seq":1}'];

t.test('the log is shown, answered and exported with entries that are none', async (t) => {
  const call = await agent(['audit.read']);
  const page = await browser(people.officer);
  for (const body of BODIES) {
    const { rows: [forged] } = await asSuperuser(database.superuserUrl, async (client) => {
      await client.query('set session_replication_role = replica');
      return client.query<{ seq: number }>(`insert into app.audit_entries (workspace_id, seq, id, at, actor_kind, action, outcome, body, hash, key_id, signature)
      select workspace_id, seq + 1, gen_random_uuid(), now(), 'system', 'loot.left', 'ok', $1, hash, key_id, signature from app.audit_entries where workspace_id = $2 order by seq desc limit 1 returning seq`, [body, people.workspaceId]);
    });
    const seq = forged?.seq as number;
    t.match((await call('GET', '/audit?limit=500')).body.items.find(({ entry }: { entry: { seq: number } }) => entry.seq === seq), { entry: { action: 'loot.left', detail: { unreadable: true } } }, body);
    t.match(await page.get('/audit'), { status: 200, text: `/audit/${seq}` }, body);
    t.match(await page.get(`/audit/${seq}`), { status: 200, text: /does not hold|not verify|cannot/i }, body);
  }
  for (const format of EXPORT_FORMATS.filter((name) => name !== 'bundle')) {
    const { pieces } = await exportLog(app, officer, format, {});
    let text = '';
    for await (const piece of pieces) text += Buffer.from(piece).toString('utf8');
    t.match(text, format === 'csv' ? 'loot.left' : JSON.stringify(BODIES[0]), format);
    if (format === 'json') t.ok((JSON.parse(text) as unknown[]).length > BODIES.length);
  }
});
