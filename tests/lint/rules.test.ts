import { Linter } from 'eslint';
import t from 'tap';
import tseslint from 'typescript-eslint';
import wardkeep from '../../scripts/lint/plugin.ts';

type RuleName = keyof typeof wardkeep.rules;

/** Every rule: what it refuses and what it lets pass, one statement a line. */
const SAMPLES: Record<RuleName, { refused: string[]; accepted: string[] }> = {
  'gcm-auth-tag-length': {
    refused: [
      `createDecipheriv('aes-256-gcm', key, iv)`,
      `crypto.createCipheriv('aes-256-gcm', key, iv, {})`,
      `createDecipheriv('aes-256-gcm', key, iv, { authTagLength: 12 })`,
      `createDecipheriv(algorithm, key, iv)`,
      `const TAG = 4; createDecipheriv('aes-128-gcm', key, iv, { authTagLength: TAG })`,
      `let tag = 16; tag = 4; createDecipheriv('aes-128-gcm', key, iv, { authTagLength: tag })`,
      `createDecipheriv('chacha20-poly1305', key, iv)`,
    ],
    accepted: [
      `createDecipheriv('aes-256-gcm', key, iv, { authTagLength: 16 })`,
      `const TAG_BYTES = 16; function open() { return createDecipheriv('aes-256-gcm', key, iv, { authTagLength: TAG_BYTES }); }`,
      `createCipheriv('aes-256-cbc', key, iv)`,
      `const MODE = 'aes-256-ctr'; createCipheriv(MODE, key, iv)`,
    ],
  },
  'timing-safe-compare': {
    refused: [
      `if (mac === expected) go()`, `given !== user.tokenHash`, `csrf_token == cookie`, `row.hash.equals(other)`, `Buffer.compare(a, signatureBytes)`,
      `hmac.digest('hex') === given`, `stored!.secret === given`, `(await read()).password !== typed`, `Buffer.from(given).equals(sessionToken)`,
    ],
    accepted: [
      `timingSafeEqual(mac, expected)`, `token === ''`, `secret === undefined`, `typeof token === 'string'`, `hash.length !== HASH_BYTES`, `hash === null`,
      `tokenId === other`, `token.type === kind`, `a.equals(b)`, `name === other`, 'signature == null', `bcrypt.compare(password, hash)`,
    ],
  },
  'no-forge-verify': {
    refused: [
      `import forge from 'node-forge'; forge.pki.verifyCertificateChain(store, chain)`,
      `import forge from 'node-forge'; certificate.publicKey.verify(bytes, signature)`,
      `import { pki } from 'node-forge'; pki.createCaStore().verify(x)`,
      `import forge from 'node-forge'; const leaf = forge.pki.certificateFromPem(pem); leaf.verify(other)`,
      `import forge from 'node-forge'; forge.pkcs7.messageFromPem(text).verify()`,
      `const { default: forge } = await import('node-forge'); forge.pki.verifyCertificateChain(store, chain)`,
      `function judge(leaf) { return leaf.verify(other) } const load = () => import('node-forge')`,
      `createRequire(import.meta.url)('node-forge').pki.verifyCertificateChain(store, chain)`,
    ],
    accepted: [
      `import forge from 'node-forge'; forge.pki.createCertificate().sign(key)`,
      `import forge from 'node-forge'; import { verify } from 'node:crypto'; verify(null, data, key, signature)`,
      `import { X509Certificate } from 'node:crypto'; certificate.verify(key)`,
      `import forge from 'node-forge'; import { X509Certificate } from 'node:crypto'; const leaf = new X509Certificate(pem); leaf.verify(key)`,
      `import type forge from 'node-forge'; certificate.verify(key)`,
    ],
  },
  'query-needs-tx': {
    refused: [`Contact.query()`, `Contact.query(null)`, `Contact.query(undefined).where('id', 1)`, `contact.$query()`, `Contact.relatedQuery('phones')`, `contact.$relatedQuery('phones')`, `class A { static all() { return this.query(); } }`, `models.Contact.query()`, `(Contact as any).query(void 0)`],
    accepted: [`Contact.query(tx)`, `contact.$query(tx).patch({})`, `Contact.relatedQuery('phones', tx)`, `contact.$relatedQuery('phones', tx)`, `url.query()`],
  },
  'database-imports': {
    refused: [`import pg from 'pg'`, `import { knex } from 'knex'`, `export { Pool } from 'pg'`, `const pg = await import('pg')`, `require('knex')`, `import 'pg/lib/x.js'`, `import { type Knex, knex } from 'knex'`, `createRequire(import.meta.url)('pg')`, `const load = createRequire(import.meta.url); load('pg')`],
    accepted: [`import type { Knex } from 'knex'`, `import { type Knex } from 'knex'`, `import { parse } from 'pg-connection-string'`, `import { Model } from 'objection'`],
  },
  'no-interpolated-sql': {
    refused: ['knex.raw(`select ${x}`)', `query.whereRaw('a = ' + value)`, 'client.query(`select ${f(x)}`)', 'const n = name(); raw(`x ${n}`)', 'raw(`${yes ? 1 : x}`)', 'raw(`${names.map((n) => `${n}`).join()}`)', 'raw(`${names.join()}`)', `raw('a' + 'b' + value)`,
      'const sql = `select ${x}`; knex.raw(sql)', `const sql = 'select ' + x; client.query(sql)`, 'client.query({ name: `n`, text: `select ${x}` })', 'raw(yes ? `a ${x}` : `b`)', `raw(['select', x].join(' '))`, `raw('select '.concat(x))`, 'raw(`select ${x}`.trim())'],
    accepted: [
      'knex.raw(`select 1`)', `knex.raw('select ?', [x])`, 'client.query(`drop table ${quoteName(x)}`)', 'const q = quoteName(x); raw(`drop ${q}`)', 'raw(`select ${COLUMNS} from t`)', `raw('a' + 'b')`, 'raw(SQL)', 'const sql = `select ${COLUMNS.join(`, `)} from t`; raw(sql)', `client.query({ text: INSERT, values: [x] })`, 'raw(build(x))', 'const set = names.map((n) => `${quoteName(n)} = ?`).join(); raw(`set ${set}`)', 'raw(`${names.map(quoteName).join()}`)',
      "raw(`x ${y ? `t ${quoteName(y)}` : ''}`)",
    ],
  },
  'config-reads-environment': {
    refused: [`process.env.PORT`, `process['env']`, `const { env } = process`, `import { env } from 'node:process'`, `read(process.env)`, `globalThis.process.env.PORT`, `import program from 'node:process'`, `const program = process`, `function read({ env } = process) {}`, `({ env } = process)`],
    accepted: [`config.port`, `process.pid`, `env.PORT`, `const { pid } = process`],
  },
  'no-swallowed-error': {
    refused: [`try { a() } catch {}`, `try { a() } catch (error) { }`, `a().catch(() => {})`, `await a().catch(() => undefined)`, `const b = p.catch(() => null)`, `a().catch(function () {})`],
    accepted: [
      `try { a() } catch { return null }`, `try { a() } catch (error) { log(error) }`, `try { a() } catch { /* the file may be gone already */ }`, `a().catch(() => fallback)`,
      `a().catch(() => undefined) // closing twice is harmless`, `kept.catch(() => undefined);`,
    ],
  },
};

for (const [name, { refused, accepted }] of Object.entries(SAMPLES) as [RuleName, { refused: string[]; accepted: string[] }][]) {
  t.test(name, async (t) => {
    const findings = (code: string): string[] => new Linter()
      .verify(code, [{ files: ['**'], languageOptions: { parser: tseslint.parser as Linter.Parser }, plugins: { wardkeep: wardkeep as never }, rules: { [`wardkeep/${name}`]: 'error' } }], 'sample.ts')
      .map((each) => each.ruleId ?? each.message);
    for (const code of refused) t.same(findings(code), [`wardkeep/${name}`], `refused: ${code}`);
    for (const code of accepted) t.same(findings(code), [], `accepted: ${code}`);
  });
}
