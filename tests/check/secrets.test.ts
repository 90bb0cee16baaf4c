import { randomBytes } from 'node:crypto';
import t from 'tap';
import { mintAccessToken } from '../../core/auth/service-accounts/access-token.ts';
import { findSecrets } from '../../scripts/check/secrets.ts';

// Put together at run time, so that this file does not hold what the scan looks for.
const dashes = '-'.repeat(5);
const rules = (text: string): string[] => findSecrets('x', text).map((each) => each.rule);

t.test('what must never be committed is found, with its line', async (t) => {
  const found: [string, string][] = [
    [`${dashes}BEGIN PRIVATE KEY${dashes}\nMIIEvQIBADANBgkqhkiG9w0BAQ\n`, 'private-key'],
    [`${dashes}BEGIN RSA PRIVATE KEY${dashes}\nProc-Type: 4,ENCRYPTED\nMIIEvQIBADANBgkqhkiG9w0BAQ\n`, 'private-key'],
    [`key: '${dashes}BEGIN EC PRIVATE KEY${dashes}\\nMHcCAQEEIIu0Qq3rJ4b9'`, 'private-key'],
    [`authorization: Bearer ${mintAccessToken('018f0000-0000-7000-8000-000000000001').text}`, 'wardkeep-token'],
    [`x ${'wkscim'}_${randomBytes(32).toString('base64url')}\n`, 'wardkeep-token'],
    [`${'root'}-2026-03-04-a1b2c3:${randomBytes(32).toString('base64')}`, 'wardkeep-root-key'],
    [`id = ${'AKIA'}${'Q3EGRIXW7ZLJ4NPT'}`, 'aws-key'],
    [`x ${'ghp'}_${'a1B2'.repeat(9)}`, 'github-token'],
    [`x ${'sk'}_live_${'a1B2'.repeat(6)}`, 'stripe-key'],
    [`postgres://app:${'kT9vQ2xLw7'}Zb@db/x`, 'url-password'],
    [`const apiKey = "${'9fK2mQ7x'}${'Lw4RzT8v'}"`, 'assigned-secret'],
    [`{"client_secret": "${'e3b0c44298fc'}${'1c149afbf4c8996fb924'}"}`, 'assigned-secret'],
  ];
  for (const [text, rule] of found) t.same(rules(text), [rule], rule);
  t.match(findSecrets('a.ts', `one\ntwo\nid = ${'AKIA'}${'Q3EGRIXW7ZLJ4NPT'}`), [{ path: 'a.ts', line: 3, fingerprint: /^[0-9a-f]{16}$/ }]);
});

t.test('what only sounds like it is left alone', async (t) => {
  for (const text of [
    `password: 'correct horse battery staple'`, `const token = '\${WARDKEEP_TOKEN}'`, `tokenEndpoint = 'https://idp.example/token'`, `secret = 'xxxxxxxxxxxxxxxxxxxxxxxx'`,
    `postgres://user:password@localhost/db`, `postgres://\${user}:\${password}@localhost/db`, `${dashes}BEGIN PRIVATE KEY${dashes}`, `passwordField = 'current-password-field'`,
  ]) t.same(rules(text), [], text);
});
