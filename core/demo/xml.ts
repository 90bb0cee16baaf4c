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

export function escapeXml(text: string): string {
  return text.replace(/[&<>"]/g, (sign) => `&${{ '&': 'amp', '<': 'lt', '>': 'gt', '"': 'quot' }[sign]};`);
}

function render(child: Child): string {
  if (child === null) return '';
  if (typeof child === 'string') return escapeXml(child);
  if ('xml' in child) return child.xml;
  return child.map(render).join('');
}
