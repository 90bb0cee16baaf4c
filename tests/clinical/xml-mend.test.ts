import t from 'tap';
import { mendXml } from '../../core/clinical/xml-mend.ts';
import { parseXml } from '../../core/clinical/xml.ts';
import { textOf } from '../../core/clinical/xml-tree.ts';
import { documentXml, readText, refusalOf } from './build-document.ts';

const good = documentXml({});

const MENDINGS: { name: string; text: string; reads: string; code: string }[] = [
  { name: 'bare ampersand', text: '<a>A & B &c</a>', reads: 'A & B &c', code: 'ampersand.escaped' },
  { name: 'HTML entities', text: '<a>caf&eacute;&nbsp;&ndash; 5&deg;</a>', reads: 'café – 5°', code: 'entity.replaced' },
  { name: 'unknown entity', text: '<a>&company;</a>', reads: '&company;', code: 'ampersand.escaped' },
  { name: 'upper-case hexadecimal reference', text: '<a>&#X41;</a>', reads: 'A', code: 'entity.replaced' },
  { name: 'control characters', text: '<a>x\u0001\u000by</a>', reads: 'xy', code: 'character.removed' },
  { name: 'reference to a forbidden character', text: '<a>x&#0;&#x1F;y</a>', reads: 'xy', code: 'character.removed' },
  { name: 'reference to half a character', text: '<a>x&#xD800;y</a>', reads: 'xy', code: 'character.removed' },
  { name: 'less-than as text', text: '<a>BP < 120, n<5</a>', reads: 'BP < 120, n<5', code: 'less_than.escaped' },
  { name: 'less-than in an attribute', text: '<a b="x < 5 & y">v</a>', reads: 'v', code: 'less_than.escaped' },
  { name: 'CDATA end in text', text: '<a>x]]>y</a>', reads: 'x]]>y', code: 'cdata_end.escaped' },
  { name: 'comment with dashes', text: '<a>x<!-- a -- b --->y</a>', reads: 'xy', code: 'comment.removed' },
  { name: 'repeated attribute', text: '<a ID="1" b="2" ID="3">v</a>', reads: 'v', code: 'attribute.duplicate' },
  { name: 'attributes without space', text: '<a b="1"c="2">v</a>', reads: 'v', code: 'attribute.spacing' },
  { name: 'HTML line break', text: '<a>x<br>y<td><BR ></td></a>', reads: 'x y', code: 'tag.closed' },
  { name: 'end tag cut short', text: '<a><b>x</b\n <c/></a>', reads: 'x', code: 'end_tag.finished' },
  { name: 'space before the declaration', text: ' \n\ufeff<?xml version="1.0"?><a>v</a>', reads: 'v', code: 'prologue.removed' },
  { name: 'second declaration', text: '<?xml version="1.0"?><?xml version="1.0"?><a>v</a>', reads: 'v', code: 'declaration.removed' },
  { name: 'declaration with a wrong word', text: '<?xml version="1.0" encoding="utf-8" standalone="true"?><a>v</a>', reads: 'v', code: 'declaration.removed' },
  { name: 'declaration not ended', text: '<?xml version="1.0" encoding="utf-8">\n<a>v<?pi x?></a>', reads: 'v', code: 'declaration.removed' },
  { name: 'text after the end', text: '<a>v</a>\n--boundary--', reads: 'v', code: 'trailing.removed' },
];

for (const { name, text, reads, code } of MENDINGS) {
  t.test(name, async (t) => {
    t.match(refusalOf(() => parseXml(text)).code, /^document\.(?:not_well_formed|truncated)$/, 'XML forbids it');
    const mended = mendXml(text);
    t.equal(textOf(parseXml(mended.text).root), reads);
    t.ok(mended.repairs.some((repair) => repair.code === code), 'and it is reported');
  });
}

t.test('mending leaves good XML as it is', async (t) => {
  const texts = [good, '<a><![CDATA[x < y & z]]><!-- fine --><?pi x?>&amp;&#233;<br></br><br/></a>'];
  for (const text of texts) t.strictSame(mendXml(text).text, text);
});

t.test('the first of repeated attributes counts', async (t) => t.equal(parseXml(mendXml('<a b="1" b="2"/>').text).root.attributes.b, '1'));

t.test('a second document behind the first is not dropped', async (t) => {
  t.equal(refusalOf(() => readText(`${good}\n${good.replace(/<\?xml.*?\?>/, '')}`)).code, 'document.not_well_formed');
});

t.test('repairs are counted and placed', async (t) => {
  const document = readText(good.replace('<title>Summary of care', '<title>A & B & C'));
  t.strictSame(document.repairs, [{ code: 'ampersand.escaped', count: 2, line: 3, column: good.split('\n')[2]!.indexOf('Summary') + 3 }]);
});

t.test('sound documents report no repairs', async (t) => t.strictSame(readText(good).repairs, []));
