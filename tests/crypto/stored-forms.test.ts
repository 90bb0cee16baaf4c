import t from 'tap';
import { WorkspaceKeys, type KeyVersion } from '../../core/crypto/keyring.ts';
import { phiOf } from '../../core/crypto/phi.ts';
import { localRootKeys } from '../../core/crypto/root-keys.ts';
import { keyContext } from '../../core/db/key-store.ts';
import { secretContext } from '../../core/db/secrets.ts';

/*
 * What installations hold already. Whoever changes a form, a context, a domain or what a tag is computed over sees it here: the values below
 * would no longer open, or no longer be found, in every database there is. They are made once and not made anew.
 */

const WORKSPACE = '018f0000-0000-7000-8000-000000000001';
const key = (fill: number): KeyVersion => ({ version: 1, status: 'active', bytes: Buffer.alloc(32, fill) });
const keys = new WorkspaceKeys(WORKSPACE, [key(1)], [key(9)], () => undefined);

t.test('a sealed value of version 1 opens', async (t) => {
  t.equal(keys.open('v1.d1.vyVEhFj69o3BDdw_.zAywpSTGIVEK30kQQd5COfD-LDGXNa1YGvfU2HYz_S0r', { table: 'contacts', column: 'notes', rowId: '018f0000-0000-7000-8000-0000000000aa' }).toString(), 'Penicillin: hives');
});

t.test('a workspace key and a secret that a root key wrapped open', async (t) => {
  const roots = localRootKeys([{ id: 'root-2026', bytes: Buffer.alloc(32, 3) }]);
  t.same(await roots.unwrap('v1.root-2026.oAFzo4afnXVtZ0WG.VbQbaGZjARAKgYwU_W6OsbiA-OsnViVJKCy4qsfLZWaTkBN4uUd59-FS4FzOdw5n', keyContext(WORKSPACE, 'data', 1)), Buffer.alloc(32, 4));
  t.same(await roots.unwrap('v1.root-2026.F-TlV8PvzTscvvX7.iY9yGYprq0W67Wnu2xw2-4udvn473FiWk-cvVspwVxsPY_tVMnrFhxDFUwM5rfc4', secretContext('form', 1)), Buffer.alloc(32, 5));
});

t.test('rows are found by the tags that they were stored with', async (t) => {
  const rows: [table: string, row: object, tags: Readonly<Record<string, readonly string[]>>][] = [
    ['contacts', { given_name: 'José', family_name: 'O’Brien', birth_date: '1970-03-05', tags: 'Fall  Risk\nVIP' }, {
      name_tags: ['-4910459616744304094', '145547184261768162', '-3082029252193311215', '-4022403629875169665', '-6948009525224968070', '-525947379004364597', '1676959385608812356', '1619492665060300849'],
      birth_date_tag: ['-4289123750044590531'], label_tags: ['-6550416240486218455', '3714944686350461631'],
    }],
    ['contact_points', { kind: 'phone', value: '(212) 555-0142' }, { value_tag: ['4633118783287801750'] }],
    ['contact_points', { kind: 'email', value: 'Jose@Example.org ' }, { value_tag: ['6550726097131136429'] }],
    ['contact_identifiers', { system: '2.16.840.1.113883.4.1', value: '123-45-6789' }, { value_tag: ['4746850036427408419'], bare_tag: ['-1851534404240513855'] }],
    ['contact_values', { property: 'insurer', is_indexed: true, value: 'Blue  Cross' }, { value_tag: ['-6960529615230663525'] }],
  ];
  for (const [table, row, tags] of rows) t.same(tagsOf(table, row), tags, table);
});

function tagsOf(table: string, row: object): Record<string, string[]> {
  return Object.fromEntries((phiOf(table)?.index ?? []).map(({ column, domain, terms }) => [column, terms(row as Record<string, unknown>).map((term) => keys.tag(domain, term))]));
}
