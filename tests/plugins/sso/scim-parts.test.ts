import t from 'tap';
import { matches, parseFilter, parsePath } from '../../../plugins/sso/scim/filter.ts';
import { applyPatch } from '../../../plugins/sso/scim/patch.ts';
import type { Operation } from '../../../plugins/sso/scim/patch.ts';
import { ScimError } from '../../../plugins/sso/scim/scim-error.ts';

const user = { userName: 'a@example.org', active: true, externalId: 'X1', emails: [{ value: 'a@example.org', type: 'work' }, { value: 'b@example.org', type: 'home' }], name: { givenName: 'Ann' } };
const typeOf = (work: () => unknown): unknown => { try { return work() ?? 'accepted'; } catch (error) { return error instanceof ScimError ? error.scimType : error; } };

t.test('filters', async (t) => {
  const cases: [filter: string, isMatch: boolean][] = [
    ['userName eq "a@example.org"', true], ['USERNAME EQ "A@EXAMPLE.ORG"', true], ['userName eq "b@example.org"', false], ['active eq true', true], ['active eq false', false],
    ['userName eq "a@example.org" and active eq true', true], ['userName eq "a@example.org" and active eq false', false], ['externalId pr', true], ['nickName pr', false],
    ['emails.value eq "b@example.org"', true], ['emails eq "b@example.org"', true], ['emails.type co "hom"', true], ['userName sw "a@"', true], ['userName ew ".org"', true], ['userName ne "x"', true],
    ['urn:ietf:params:scim:schemas:core:2.0:User:userName eq "a@example.org"', true], ['userName eq "say \\"and\\" twice"', false],
  ];
  for (const [filter, isMatch] of cases) t.equal(parseFilter(filter).every((each) => matches(each, user)), isMatch, filter);
  for (const filter of ['', 'userName', 'userName eq', 'userName eq a', 'userName eq "a" or active eq true', 'not (active eq true)', 'userName gt "a"', 'userName eq "a" and', 'userName eq "a" active eq true', 'userName eq {"a":1}', 'emails[type eq "work"]', '(userName eq "a")', `userName eq "${'x'.repeat(5_000)}"`, '"a" eq "a"']) t.equal(typeOf(() => parseFilter(filter)), 'invalidFilter', filter.slice(0, 40));
});

t.test('paths', async (t) => {
  t.match(parsePath('emails[type eq "work"].value'), { attribute: 'emails', part: 'value', matching: [{ path: 'type', operator: 'eq', value: 'work' }] });
  t.same(parsePath('name.givenName'), { attribute: 'name.givenName', matching: null, part: null });
  for (const path of ['', '[x]', 'a b', 'emails[type eq "work"', '1x']) t.equal(typeOf(() => parsePath(path)), 'invalidPath', path);
});

t.test('operations, as Entra and Okta send them', async (t) => {
  const cases: Record<string, [operations: Operation[], wanted: object]> = {
    'a capital and a word for false': [[{ op: 'Replace', path: 'active', value: 'False' }], { active: 'False' }],
    'no path': [[{ op: 'replace', value: { active: false } }], { active: false }],
    'paths as names': [[{ op: 'add', value: { 'name.givenName': 'Bea', 'emails[type eq "work"].value': 'c@example.org' } }], { name: { givenName: 'Bea' }, emails: [{ value: 'c@example.org', type: 'work' }, { value: 'b@example.org', type: 'home' }] }],
    'an element that is not there yet': [[{ op: 'Add', path: 'emails[type eq "other"].value', value: 'd@example.org' }], { emails: [...user.emails, { value: 'd@example.org' }] }],
    'an element taken away': [[{ op: 'remove', path: 'emails[type eq "home"]' }], { emails: [user.emails[0]] }],
    'elements added, none twice': [[{ op: 'add', path: 'emails', value: [{ value: 'b@example.org' }, { value: 'e@example.org' }] }], { emails: [...user.emails, { value: 'e@example.org' }] }],
    'elements named by value': [[{ op: 'Remove', path: 'emails', value: [{ value: 'b@example.org' }] }], { emails: [user.emails[0]] }],
    'an attribute taken away': [[{ op: 'remove', path: 'externalId' }], { externalId: undefined }],
    'another spelling of the name': [[{ op: 'replace', path: 'USERNAME', value: 'z@example.org' }], { userName: 'z@example.org' }],
    'an attribute that is not kept': [[{ op: 'replace', path: 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department', value: 'x' }], { userName: 'a@example.org' }],
  };
  for (const [name, [operations, wanted]] of Object.entries(cases)) t.match(applyPatch(user, operations), wanted, name);
  t.same(user.emails.length, 2, 'the original is untouched');
  t.equal(typeOf(() => applyPatch(user, [{ op: 'move', path: 'active', value: true }])), 'invalidSyntax');
  t.equal(typeOf(() => applyPatch(user, [{ op: 'remove' }])), 'noTarget');
  t.equal(typeOf(() => applyPatch(user, [{ op: 'add', path: 'constructor.prototype', value: { x: 1 } }])), 'invalidPath');
  t.equal(typeOf(() => applyPatch(user, [{ op: 'replace', value: JSON.parse('{"__proto__":{"admin":true}}') as object }])), 'invalidPath');
  t.equal(({} as { admin?: boolean }).admin, undefined);
});
