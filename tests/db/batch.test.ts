import pg from 'pg';
import t from 'tap';
import { Batch, nothingPrepared, type Result } from '../../core/db/batch.ts';
import { beforeEnd, send, sendAhead, sendAlone, type Connection } from '../../core/db/connection.ts';
import { createTestDatabase } from '../support/database.ts';

t.test('statements asked together are answered together', async (t) => {
  const client = new pg.Client({ connectionString: (await createTestDatabase(t)).superuserUrl, pipeline: true } as pg.ClientConfig);
  await client.connect();
  t.teardown(() => client.end());
  const connection = client as unknown as Connection;
  const wire = client as unknown as { connection: pg.Connection };
  let answers = 0;
  wire.connection.on('readyForQuery', () => (answers += 1));
  const settled = async (...sent: Promise<unknown>[]) => (await Promise.allSettled(sent)).map((outcome) => (outcome.status === 'fulfilled' ? outcome.value : { code: (outcome.reason as { code: string }).code }));

  const one = (value: unknown) => send(connection, 'select $1::int as n, null as nothing, $1::int > 1 as "isMore"', [value]);
  for (const round of ['prepared', 'known by then']) {
    answers = 0;
    t.match(await settled(one(1), send(connection, 'create temp table kept (n int)'), send(connection, 'insert into kept values ($1), ($2) returning n', [7, 8]), send(connection, 'update kept set n = 0 where n = $1', [7]), send(connection, 'drop table kept'), one(2)), [
      { command: 'SELECT', rowCount: 1, rows: [{ n: 1, nothing: null, isMore: false }] }, { command: 'CREATE TABLE', rowCount: null, rows: [] },
      { command: 'INSERT', rowCount: 2, rows: [{ n: 7 }, { n: 8 }] }, { command: 'UPDATE', rowCount: 1, rows: [] }, { command: 'DROP TABLE', rows: [] }, { rows: [{ n: 2, isMore: true }] },
    ], round);
    t.equal(answers, 1, 'one answer for all');
  }

  const divided = (by: number) => send(connection, 'select 1 / $1::int as n', [by]);
  t.match(await settled(one(1), divided(0), one(2), divided(1)), [{ rows: [{ n: 1 }] }, { code: '22012' }, { code: '25P02' }, { code: '25P02' }], 'a failure stands for what is behind it');
  t.match(await settled(divided(1), one(3)), [{ rows: [{ n: 1 }] }, { rows: [{ n: 3 }] }], 'and for nothing later; what failed while it was prepared is prepared anew');
  const missing = () => send(connection, 'select n from not_there_yet');
  t.match(await settled(missing()), [{ code: '42P01' }]);
  t.match(await settled(send(connection, 'create temp table not_there_yet (n int)'), missing(), send(connection, '')), [{}, { rows: [] }, { command: '', rows: [] }]);

  await t.rejects(send(connection, 'select $1', [{ toPostgres: () => { throw new Error('cannot be written'); } }]), /cannot be written/, 'a value that cannot be written disturbs nobody');
  t.match(await settled(one(4), sendAlone(connection, 'select 5 as n; select 6 as n'), one(7)), [{ rows: [{ n: 4 }] }, [{ rows: [{ n: 5 }] }, { rows: [{ n: 6 }] }], { rows: [{ n: 7 }] }], 'a message of its own keeps its place');

  answers = 0;
  const moment = () => send(connection, 'select clock_timestamp() as at').then(({ rows }) => (rows[0] as { at: Date }).at.getTime());
  const first = moment();
  sendAhead(connection);
  sendAhead(connection); // with nothing more to send
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100); // what is sent next takes its time
  beforeEnd(connection, () => void asked.push(moment()));
  const asked = [first, moment()];
  await first;
  const [begun, second, last] = (await Promise.all(asked)) as [number, number, number];
  t.ok(second - begun >= 90, 'what is sent ahead is begun with at once');
  t.ok(last >= second && answers === 1, 'and answered together with the rest, to which something may be added up to the end');
  const ahead = [one(1), divided(0)];
  sendAhead(connection);
  t.match(await settled(...ahead, one(2)), [{ rows: [{ n: 1 }] }, { code: '22012' }, { code: '25P02' }], 'a failure sent ahead stands for the rest');
  const alone = one(8);
  sendAhead(connection);
  t.match(await settled(alone, sendAlone(connection, 'select 9 as n'), one(10)), [{ rows: [{ n: 8 }] }, { rows: [{ n: 9 }] }, { rows: [{ n: 10 }] }], 'nothing comes between what was sent ahead and its end');

  await send(connection, 'create temp table strict (n int unique deferrable initially deferred)');
  t.match(await settled(send(connection, 'insert into strict values (1), ($1)', [1])), [{ code: '23505' }], 'what the Sync was to commit is not answered before it has');
  t.same((await send(connection, 'select * from strict')).rows, []);

  for (let nth = 0; nth < 2; nth++) t.match(await settled(send(connection, 'show server_encoding'), send(connection, 'explain select 1')), [{ rows: [{ server_encoding: 'UTF8' }] }, { rows: [{}] }], 'statements without a plan have columns, too');

  pg.types.setTypeParser(pg.types.builtins.POLYGON, () => { throw new Error('cannot be read'); });
  const polygon = () => send(connection, "select '((0,0),(1,1))'::polygon").catch(({ message }: Error) => message);
  t.match(await settled(one(1), polygon(), one(2)), [{ rows: [{ n: 1 }] }, 'cannot be read', { rows: [{ n: 2 }] }], 'a value that cannot be read disturbs nobody');
  t.match(await settled(one(1), polygon(), divided(0)), [{ rows: [{ n: 1 }] }, 'cannot be read', { code: '22012' }], 'nor is it lost beside a failure');

  // Two batches under way: what the second relies on was to be prepared by the first.
  const fresh = (value: unknown) => send(connection, 'select $1::int as fresh', [value]);
  const refused = [divided(0), fresh(1)];
  await new Promise<void>((resolve) => process.nextTick(resolve)); // behind the sending of these
  t.match(await settled(...refused, fresh(2)), [{ code: '22012' }, { code: '25P02' }, { code: '26000' }]);
  t.match(await settled(fresh(3), fresh(4)), [{ rows: [{ fresh: 3 }] }, { rows: [{ fresh: 4 }] }], 'it is prepared once more');

  const lost = settled(one(1), send(connection, 'select pg_terminate_backend(pg_backend_pid())'), one(2));
  client.on('error', () => undefined);
  t.match(await lost, [{ rows: [{ n: 1 }] }, { code: '57P01' }, { code: '57P01' }], 'whoever stands behind it meets the same');
  t.equal((await settled(one(1))).length, 1, 'nothing waits for a connection that is gone');
});

t.test('whatever is added behind a failure is told', async (t) => {
  const batch = new Batch(nothingPrepared());
  const add = () => new Promise<Result>((resolve, reject) => batch.add([{ text: 'select 1', name: null, values: [], resolve, reject }]));
  const before = add();
  batch.handleError(new Error('The connection is gone.'));
  await t.rejects(before, /gone/);
  await t.rejects(add(), /gone/);
});
