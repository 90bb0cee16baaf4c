// Section text (CDA R2 4.3.5, StrucDoc.Text) to HTML that is safe to place in a page. The output is built from an allow-list:
// an element or attribute comes out only because a line here writes it; every character of text and value is escaped.

import { attribute, elementsOf, textOf } from '../xml-tree.ts';
import type { XmlElement } from '../xml.ts';

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

export const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (character) => ESCAPES[character] as string);

/** Element names that come out, by what they are called in StrucDoc or in the HTML that products leave there. */
const CONTAINERS: ReadonlyMap<string, string> = new Map(Object.entries({
  caption: 'caption',
  sub: 'sub', sup: 'sup', b: 'strong', strong: 'strong', i: 'em', em: 'em', u: 'u', pre: 'pre', blockquote: 'blockquote',
  h1: 'h4', h2: 'h4', h3: 'h4', h4: 'h4', h5: 'h5', h6: 'h6', li: 'li', dt: 'dt', dd: 'dd', dl: 'dl', footnote: 'small'
}));
const TABLE_PARTS = new Set(['thead', 'tbody', 'tfoot', 'tr']);
const BLOCKS = new Set(['table', 'list', 'ul', 'ol', 'dl', 'paragraph', 'p', 'div', 'pre', 'blockquote', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'renderMultiMedia']);
/** What these hold is code or a file, not words of the narrative. */
const DROPPED = new Set(['script', 'style', 'iframe', 'object', 'embed', 'applet', 'svg', 'math', 'template', 'noscript', 'head', 'title', 'link', 'meta', 'base', 'form', 'input', 'button', 'select', 'textarea', 'audio', 'video', 'canvas']);
const STYLES: readonly (readonly [RegExp, string])[] = [[/\bbold\b/i, 'strong'], [/\bitalics?\b/i, 'em'], [/\bemphasis\b/i, 'em'], [/\bunderline\b/i, 'u']];
const LIST_CLASSES: readonly (readonly [RegExp, string])[] = [
  [/\blittleroman\b/i, 'list-lower-roman'], [/\bbigroman\b/i, 'list-upper-roman'], [/\blittlealpha\b/i, 'list-lower-alpha'], [/\bbigalpha\b/i, 'list-upper-alpha'],
  [/\bdisc\b/i, 'list-disc'], [/\bcircle\b/i, 'list-circle'], [/\bsquare\b/i, 'list-square']
];
const SCOPES = new Set(['row', 'col', 'rowgroup', 'colgroup']);

/** '' for an absent or empty text. */
export function narrativeHtml(text: XmlElement | undefined): string {
  return text === undefined ? '' : inner(text).trim();
}

function inner(element: XmlElement): string {
  let html = '';
  for (const piece of element.children) {
    if (typeof piece === 'string') html += escapeHtml(piece);
    // HTML knows a caption only in a table; StrucDoc has it in lists and paragraphs too.
    else if (piece.name === 'caption' && element.name !== 'table') html += `<strong>${inner(piece)}</strong> `;
    else html += render(piece);
  }
  return html;
}

function render(element: XmlElement): string {
  const name = element.name;
  if (DROPPED.has(name.toLowerCase())) return '';
  if (name === 'br') return '<br>';
  if (name === 'hr') return '<hr>';
  if (name === 'table') return `<div class="narrative-table"><table>${inner(element)}</table></div>`;
  if (TABLE_PARTS.has(name)) return `<${name}>${inner(element)}</${name}>`;
  if (name === 'td' || name === 'th') return `<${name}${span(element, 'colspan')}${span(element, 'rowspan')}${scope(element)}>${emphasized(element)}</${name}>`;
  if (name === 'list' || name === 'ul' || name === 'ol') return list(element);
  if (name === 'item') return `<li>${emphasized(element)}</li>`;
  if (name === 'paragraph' || name === 'p' || name === 'div') return paragraph(element);
  if (name === 'linkHtml' || name === 'a') return link(element);
  if (name === 'renderMultiMedia' || name === 'img') return media(element);
  if (name === 'footnoteRef') return '';
  const container = CONTAINERS.get(name);
  return container === undefined ? emphasized(element) : `<${container}>${emphasized(element)}</${container}>`;
}

function emphasized(element: XmlElement): string {
  const styleCode = attribute(element, 'styleCode') ?? '';
  const html = inner(element);
  if (styleCode === '' || html === '') return html;
  return STYLES.reduce((styled, [pattern, tag]) => (pattern.test(styleCode) ? `<${tag}>${styled}</${tag}>` : styled), html);
}

/** A paragraph that holds blocks cannot be a `p`: HTML would end it at the first one. */
function paragraph(element: XmlElement): string {
  const tag = elementsOf(element).some((each) => BLOCKS.has(each.name)) ? 'div' : 'p';
  return `<${tag}>${emphasized(element)}</${tag}>`;
}

function list(element: XmlElement): string {
  const styleCode = attribute(element, 'styleCode') ?? '';
  const tag = element.name === 'ol' || attribute(element, 'listType') === 'ordered' ? 'ol' : 'ul';
  const look = LIST_CLASSES.find(([pattern]) => pattern.test(styleCode))?.[1];
  const caption = elementsOf(element).find((each) => each.name === 'caption');
  const items = elementsOf(element).filter((each) => each !== caption).map((each) => (each.name === 'item' || each.name === 'li' ? `<li>${emphasized(each)}</li>` : `<li>${render(each)}</li>`));
  const heading = caption === undefined ? '' : `<p><strong>${inner(caption)}</strong></p>`;
  return `${heading}<${tag}${look === undefined ? '' : ` class="${look}"`}>${items.join('')}</${tag}>`;
}

/** Only absolute http, https and mailto addresses become links; the parser's spelling of them is written, not the document's. */
function link(element: XmlElement): string {
  const target = attribute(element, 'href') ?? '';
  const label = inner(element) || escapeHtml(target);
  if (!/^(?:https?:\/\/|mailto:)/i.test(target) || !URL.canParse(target)) return label;
  const url = new URL(target);
  if (url.username !== '' || url.password !== '') return label;
  return `<a href="${escapeHtml(url.href)}" rel="noopener noreferrer nofollow" target="_blank">${label}</a>`;
}

/** Pictures are not shown: one could be fetched from elsewhere and tell who reads which chart. */
function media(element: XmlElement): string {
  const caption = textOf(elementsOf(element).find((each) => each.name === 'caption')) || attribute(element, 'alt') || '';
  return `<span class="narrative-media">[picture${caption === '' ? '' : `: ${escapeHtml(caption)}`}]</span>`;
}

function span(element: XmlElement, name: 'colspan' | 'rowspan'): string {
  const value = attribute(element, name) ?? '';
  return /^[1-9]\d{0,2}$/.test(value) ? ` ${name}="${value}"` : '';
}

function scope(element: XmlElement): string {
  const value = attribute(element, 'scope') ?? '';
  return SCOPES.has(value) ? ` scope="${value}"` : '';
}
