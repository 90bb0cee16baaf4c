import t from 'tap';
import { narrativeHtml } from '../../core/clinical/ccda/narrative.ts';
import { parseXml } from '../../core/clinical/xml.ts';

const render = (inner: string): string => narrativeHtml(parseXml(`<text>${inner}</text>`).root);

const RENDERED: [name: string, xml: string, html: string][] = [
  ['table', '<table border="1" width="100%"><thead><tr><th scope="col" colspan="2">A</th></tr></thead><tbody><tr ID="r1" styleCode="xRowNormal"><td rowspan="2">1</td><td styleCode="Bold">2</td></tr></tbody></table>',
    '<div class="narrative-table"><table><thead><tr><th colspan="2" scope="col">A</th></tr></thead><tbody><tr><td rowspan="2">1</td><td><strong>2</strong></td></tr></tbody></table></div>'],
  ['list', '<list listType="ordered" styleCode="LittleRoman"><caption>Plan</caption><item>one</item><item><content styleCode="Italics">two</content></item></list>',
    '<p><strong>Plan</strong></p><ol class="list-lower-roman"><li>one</li><li><em>two</em></li></ol>'],
  ['paragraphs', '<paragraph>x<br/>H<sub>2</sub>O 10<sup>9</sup></paragraph><paragraph><caption>Note</caption><list><item>i</item></list></paragraph>',
    '<p>x<br>H<sub>2</sub>O 10<sup>9</sup></p><div><strong>Note</strong> <ul><li>i</li></ul></div>'],
  ['several styles', '<content styleCode="Bold Underline">x</content>', '<u><strong>x</strong></u>'],
  ['links', '<linkHtml href="https://example.org/a?b=1&amp;c=2">see</linkHtml> <linkHtml href="#ref1">inside</linkHtml> <linkHtml href="mailto:a@example.org"/>',
    '<a href="https://example.org/a?b=1&amp;c=2" rel="noopener noreferrer nofollow" target="_blank">see</a> inside <a href="mailto:a@example.org" rel="noopener noreferrer nofollow" target="_blank">mailto:a@example.org</a>'],
  ['pictures are named, not shown', '<renderMultiMedia referencedObject="MM1"><caption>X-ray</caption></renderMultiMedia>', '<span class="narrative-media">[picture: X-ray]</span>'],
  ['footnotes', 'x<footnote ID="f">y</footnote><footnoteRef IDREF="f"/>', 'x<small>y</small>'],
  ['HTML left by a product', '<div><h2>Title</h2><span style="color:red">a</span> <b>b</b><ul><li>c</li></ul><font face="x">d</font></div>', '<div><h4>Title</h4>a <strong>b</strong><ul><li>c</li></ul>d</div>'],
  ['text', 'a &lt;b&gt; &amp; "c" \'d\'', 'a &lt;b&gt; &amp; &quot;c&quot; &#39;d&#39;'],
  ['empty', '  \n ', ''],
];

for (const [name, xml, html] of RENDERED) t.test(name, async (t) => t.equal(render(xml), html));

const PAYLOADS = [
  '<script>alert(1)</script>', '<SCRIPT>alert(1)</SCRIPT>', '<x:script xmlns:x="http://www.w3.org/1999/xhtml">alert(1)</x:script>', '<style>*{background:url(//x)}</style>',
  '<img src="x" onerror="alert(1)"/>', '<svg onload="alert(1)"><script>alert(1)</script></svg>', '<math><mtext><script>alert(1)</script></mtext></math>', '<iframe src="javascript:alert(1)"/>',
  '<object data="javascript:alert(1)"/>', '<a href="javascript:alert(1)">x</a>', '<a href="java&#10;script:alert(1)">x</a>', '<a href="&#1;javascript:alert(1)">x</a>'.replace('&#1;', ''),
  '<linkHtml href=" javascript:alert(1)">x</linkHtml>', '<linkHtml href="data:text/html,&lt;script&gt;alert(1)&lt;/script&gt;">x</linkHtml>', '<linkHtml href="vbscript:x">x</linkHtml>', '<linkHtml href="//evil.example/x">x</linkHtml>',
  '<linkHtml href="https://user:pass@evil.example/">x</linkHtml>', '<linkHtml href="https://x/&quot; onmouseover=&quot;alert(1)">x</linkHtml>', '<linkHtml href="https://x/\'&gt;&lt;script&gt;alert(1)&lt;/script&gt;">x</linkHtml>',
  '<td colspan="2&quot; onclick=&quot;alert(1)">x</td>', '<td rowspan="999999999">x</td>', '<th scope="col&quot; onclick=&quot;x">x</th>', '<tr onclick="alert(1)"><td style="background:url(javascript:alert(1))">x</td></tr>',
  '<content styleCode="Bold&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;">x</content>', '<list styleCode="&quot; onclick=&quot;x" listType="&quot;&gt;&lt;script&gt;"><item>x</item></list>',
  '&lt;script&gt;alert(1)&lt;/script&gt;', '<![CDATA[<script>alert(1)</script><img src=x onerror=alert(1)>]]>', '<caption><![CDATA[</table><script>alert(1)</script>]]></caption>',
  '<renderMultiMedia><caption>&lt;img src=x onerror=alert(1)&gt;</caption></renderMultiMedia>', '<img alt="&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;"/>', '<form action="https://evil.example"><input name="x"/></form>',
  '<constructor>x</constructor><toString>y</toString><__proto__>z</__proto__>', '<tr styleCode="Bold"><td>x</td></tr>', '<meta http-equiv="refresh" content="0;url=https://evil.example"/>', '<base href="https://evil.example/"/>', '<template><script>alert(1)</script></template>', '<paragraph xmlns:on="x" on:click="alert(1)">x</paragraph>',
  '<noscript><p title="&lt;/noscript&gt;&lt;img src=x onerror=alert(1)&gt;"/></noscript>', '<textarea>&lt;/textarea&gt;&lt;script&gt;</textarea>', '<a href="https://x" onclick="alert(1)" style="x" id="y" target="_self">x</a>',
];

/** Every tag of the output against the one grammar that the renderer may speak. */
const TAG = /<\/(?:[a-z0-9]+)>|<(?:br|hr|p|div|caption|thead|tbody|tfoot|tr|th|td|table|sub|sup|strong|em|u|pre|blockquote|h4|h5|li|dt|dd|dl|ul|ol|small|span|a)(?: (?:(?:colspan|rowspan)="[1-9]\d{0,2}"|scope="(?:row|col|rowgroup|colgroup)"|class="[a-z-]+"|href="(?:https?:\/\/|mailto:)[^"<>\s]*"|rel="noopener noreferrer nofollow"|target="_blank"))*>/g;

const isSafe = (html: string): boolean => !/[<>]/.test(html.replace(TAG, '')) && !/href="[^"]*javascript:/i.test(html);

t.test('the grammar itself refuses what it must', async (t) => {
  for (const html of ['<script>', '<p onclick="x">', '<td style="x">', '<a href="javascript:x">', '<img src="x">', '<p class="a" id="b">']) t.notOk(isSafe(html), html);
});

t.test('no payload comes out alive', async (t) => {
  for (const payload of PAYLOADS) {
    for (const [before, after] of [['', ''], ['<table><tbody><tr><td>', '</td></tr></tbody></table>'], ['<list><item><content styleCode="Bold">', '</content></item></list>'], ['<paragraph>', '</paragraph>']]) {
      const html = render(`${before}${payload}${after}`);
      t.ok(isSafe(html), `${payload} → ${html}`);
    }
  }
});

t.test('no combination of hostile pieces comes out alive', async (t) => {
  // xorshift32: the same documents in every run.
  let state = 20240607;
  const random = (below: number): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
  const names = ['table', 'tr', 'td', 'th', 'list', 'item', 'content', 'paragraph', 'linkHtml', 'a', 'script', 'style', 'svg', 'caption', 'img', 'iframe', 'pre', 'br', 'unknown', 'x:script', 'renderMultiMedia'];
  const attributes = ['onclick', 'style', 'href', 'src', 'styleCode', 'colspan', 'scope', 'class', 'id', 'ID', 'listType', 'xlink:href', 'srcdoc', 'formaction'];
  const values = ['javascript:alert(1)', 'https://example.org/&quot;onload=&quot;x', '&quot;&gt;&lt;script&gt;', 'Bold', '2', 'row', 'data:text/html,x', 'x&#9;y', '\u2028'];
  const build = (depth: number): string => {
    const name = names[random(names.length)]!;
    const chosen = new Map(Array.from({ length: random(3) }, () => [attributes[random(attributes.length)]!, values[random(values.length)]!]));
    const inner = depth === 0 ? values[random(values.length)]! : Array.from({ length: random(4) }, () => build(depth - 1)).join('&lt;img src=x onerror=alert(1)&gt;');
    return `<${name}${[...chosen].map(([key, value]) => ` ${key}="${value}"`).join('')}>${inner}</${name}>`;
  };
  let unsafe = 0;
  for (let i = 0; i < 3000; i++) if (!isSafe(render(build(4)))) unsafe += 1;
  t.equal(unsafe, 0);
});
