// Unstructured Document 2.16.840.1.113883.10.20.22.1.10 and HITSP C62: nonXMLBody/text holds a file in base64, plain text, or a reference.

import { attribute, at, child, rawText } from '../xml-tree.ts';
import { escapeHtml } from './narrative.ts';
import type { Attachment, Section } from '../clinical-document.ts';
import type { Reading } from './reading.ts';
import type { XmlElement } from '../xml.ts';

export type Unstructured = { attachments: Attachment[]; sections: Section[] };

/** Null when the document has no nonXMLBody. */
export function readUnstructured(root: XmlElement, title: string, reading: Reading): Unstructured | null {
  const text = at(root, 'component', 'nonXMLBody', 'text');
  if (text === undefined) return null;
  const reference = attribute(child(text, 'reference'), 'value') ?? null;
  const mediaType = attribute(text, 'mediaType')?.toLowerCase() ?? (reference === null ? 'text/plain' : 'application/octet-stream');
  const content = rawText(text);
  if (attribute(text, 'representation')?.toUpperCase() === 'B64') {
    const bytes = decodeBase64(content);
    if (bytes === null) reading.warned('attachment.unreadable', text);
    return { attachments: [{ mediaType, sizeBytes: bytes?.length ?? 0, bytes, reference }], sections: [] };
  }
  if (content.trim() === '') return { attachments: reference === null ? [] : [{ mediaType, sizeBytes: 0, bytes: null, reference }], sections: [] };
  const bytes = new TextEncoder().encode(content);
  const section: Section = { kind: 'other', title, code: null, items: [], narrativeHtml: `<pre>${escapeHtml(content.trim())}</pre>` };
  return { attachments: [{ mediaType, sizeBytes: bytes.length, bytes, reference }], sections: [section] };
}

/** Null for text outside the alphabet: Node would skip over it and hand back another file. */
function decodeBase64(text: string): Uint8Array | null {
  const compact = text.replace(/\s+/g, '');
  if (compact === '' || !/^[A-Za-z0-9+/]+={0,2}$/.test(compact)) return null;
  return new Uint8Array(Buffer.from(compact, 'base64'));
}
