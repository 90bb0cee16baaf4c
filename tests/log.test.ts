import t from 'tap';
import { createLog } from '../core/log.ts';

const logged = (err: unknown): string => {
  let line = '';
  createLog('error', (text) => { line = text; }).error('failed', { err });
  return line;
};

t.test('an error is logged by name, code and frames', async (t) => {
  const line = logged(Object.assign(new TypeError('x'), { code: '23505' }));
  t.match(JSON.parse(line), { message: 'failed', err: { name: 'TypeError', code: '23505', at: [/^at .*log\.test\.ts/] } });
});

t.test('no line of its message is taken for a frame', async (t) => {
  const err = new Error('no row for\n    at Achterberg, Wilhelmina (1943)\n  at home');
  t.notMatch(logged(err), /Achterberg|home/);
  t.ok(err.stack?.includes('Achterberg')); // now written down
  err.message = `insert into x - ${err.message}`; // as knex does, after the stack was made
  t.notMatch(logged(err), /Achterberg|home/);
  t.match(JSON.parse(logged(err)).err.at, [/log\.test\.ts/]);
});
