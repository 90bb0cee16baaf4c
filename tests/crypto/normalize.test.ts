import t from 'tap';
import { nameQueryTerm, nameTerms, nameTokens, normalizeEmail, normalizePhone } from '../../core/crypto/normalize.ts';

t.test('e-mail and phone: however typed, one value', async (t) => {
  t.equal(normalizeEmail('  Ana.Ruiz@Example.ORG '), 'ana.ruiz@example.org');
  t.equal(normalizeEmail('ａna@example.org'), 'ana@example.org', 'full-width letters');
  for (const typed of ['(212) 555-0142', '212.555.0142', '+1 212 555 0142', '1-212-555-0142', ' 2125550142 ']) t.equal(normalizePhone(typed), '+12125550142', typed);
  t.equal(normalizePhone('+49 30 901820'), '+4930901820');
  t.equal(normalizePhone('ext. 12'), '12', 'what is no number keeps its digits');
  t.equal(normalizePhone('none'), '');
});

t.test('names: folded, split, and a hyphenated name found joined as well', async (t) => {
  const scenarios: [string, string[]][] = [
    ["O'Brien-García", ['obrien', 'garcia', 'obriengarcia']],
    ['  José  ÁLVAREZ ', ['jose', 'alvarez']],
    ['St. John', ['st', 'john']],
    ['Łukasz Strauß', ['lukasz', 'strauss']],
    ['Søren', ['soren']],
    ['王小明', ['王小明']],
    ['Ng', ['ng']],
    ['- ’ .', []],
    ['Ann Ann', ['ann']],
  ];
  for (const [name, tokens] of scenarios) t.same(nameTokens(name), tokens, name);
});

t.test('terms: the word and its prefixes of three to ten letters', async (t) => {
  t.same(nameTerms('Marta'), ['=marta', '^mar', '^mart', '^marta']);
  t.same(nameTerms('Ng'), ['=ng']);
  t.equal(nameTerms('Wolfeschlegelstein').at(-1), '^wolfeschle');
  t.same(nameTerms(''), []);
});

t.test('whatever prefix a person types is among the terms of the name', async (t) => {
  for (const name of ["O'Brien-García", 'Wolfeschlegelstein', 'Ng', 'José', '王小明', 'Émile Zola']) {
    const terms = new Set(nameTerms(name));
    for (const token of nameTokens(name)) {
      const letters = [...token];
      for (let typed = 3; typed <= letters.length; typed++) t.ok(terms.has(nameQueryTerm(letters.slice(0, typed).join(''))), `${name}: ${typed} letters`);
      t.ok(terms.has(nameQueryTerm(token)), `${name}: whole`);
    }
  }
});
