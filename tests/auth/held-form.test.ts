import type { Request } from '@hapi/hapi';
import t from 'tap';
import { holdForm, readHeldForm } from '../../core/auth/step-up/held-form.ts';

const posted = (payload: unknown, type = 'application/x-www-form-urlencoded; charset=utf-8') => ({ headers: { 'content-type': type }, payload, path: '/account/password' }) as unknown as Request;

t.test('a held form carries no secret, on its way out or back', async (t) => {
  const payload = { email: 'a@willow.example', scopes: ['contact.read', 'contact.write'], password: 'x', newPassword: 'x', 'present-password': 'x', code: '123456', _csrf: 'x' };
  const fields = [{ name: 'email', value: 'a@willow.example' }, { name: 'scopes', value: 'contact.read' }, { name: 'scopes', value: 'contact.write' }];
  t.same(holdForm(posted(payload)), { action: '/account/password', fields });
  const forged = Object.entries(payload).flatMap(([name, value]) => [value].flat().map((each) => ({ name, value: each })));
  t.same(readHeldForm(JSON.stringify({ action: '/account/password', fields: forged })), { action: '/account/password', fields });
});

t.test('only forms are held, and none that is too large', async (t) => {
  t.equal(holdForm(posted({ note: 'x' }, 'multipart/form-data; boundary=x')), null);
  t.equal(holdForm(posted('text')), null);
  t.equal(holdForm(posted(null)), null);
  t.equal(holdForm(posted({ note: 'x'.repeat(64 * 1024) })), null);
  t.not(holdForm(posted({ note: 'x'.repeat(60 * 1024) })), null);
  for (const text of ['', '{', '{}', 'null', '{"action":"/x","fields":7}', '{"action":"/x","fields":[null]}']) t.equal(readHeldForm(text), null, text);
});
