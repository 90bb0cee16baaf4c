/** Markup that is already escaped; only `el` and `raw` make it. */
export type Xml = { readonly xml: string };
type Child = Xml | string | null | readonly (Xml | null)[];
type Attributes = Readonly<Record<string, string | null>>;

/** One element. Attributes of null are left out; text is escaped; children of null are left out. */
export function el(name: string, attributes: Attributes = {}, ...children: readonly Child[]): Xml {
  let head = name;
  for (const [key, value] of Object.entries(attributes)) if (value !== null) head += ` ${key}="${escapeXml(value)}"`;
  let body = '';
  for (const child of children) body += render(child);
  return { xml: body === '' ? `<${head}/>` : `<${head}>${body}</${name}>` };
}

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** What XML 1.0 cannot hold (2.2, Char) becomes U+FFFD: a note typed elsewhere may carry control characters. */
export function escapeXml(text: string): string {
  return text.replace(/[^\t\n\r\x20-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '\uFFFD').replace(/[&<>"]/g, (sign) => ESCAPES[sign] as string);
}

function render(child: Child): string {
  if (child === null) return '';
  if (typeof child === 'string') return escapeXml(child);
  if ('xml' in child) return child.xml;
  return child.map(render).join('');
}
