import t from 'tap';
import { SsoRefusal } from '../../../plugins/sso/refusal.ts';
import { FAMILIES } from './saml-corpus.ts';
import type { Attack } from './saml-corpus.ts';
import { consume } from './saml-consumers.ts';

let count = 0;

for (const [family, attacks] of Object.entries(FAMILIES)) {
  t.test(family, async (t) => {
    const names = new Set<string>();
    for (const attack of attacks() as Attack[]) {
      count += 1;
      t.notOk(names.has(attack.name), 'a name of its own');
      names.add(attack.name);
      const outcome = await consume(attack.samlResponse, attack).then((identity) => `accepted as ${identity.nameId}`, (error: unknown) => (error instanceof SsoRefusal ? error.code : error));
      t.ok((attack.refusals as readonly unknown[]).includes(outcome), attack.name, { outcome, wanted: attack.refusals });
    }
  });
}

t.test('the corpus has not shrunk', async (t) => {
  t.ok(count >= 240, `${count} cases`);
});
