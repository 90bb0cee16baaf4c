import { writeHeader, type HeaderSource } from './header.ts';
import { writeSections, type Statements } from './sections.ts';
import { el } from './xml.ts';

export type DocumentSource = HeaderSource & { readonly statements: Statements };

/**
 * A Continuity of Care Document after HL7 C-CDA R2.1 (template 2.16.840.1.113883.10.20.22.1.2:2015-08-01), valid against CDA_SDTC.xsd, of what
 * core/clinical's own reader holds; `readDocument` gives the same values back. What is masked is absent, and where the standard demands an
 * element it says nullFlavor MSK.
 */
export function writeDocument(source: DocumentSource): string {
  const document = el('ClinicalDocument', { xmlns: 'urn:hl7-org:v3', 'xmlns:sdtc': 'urn:hl7-org:sdtc', 'xmlns:xsi': 'http://www.w3.org/2001/XMLSchema-instance' },
    ...writeHeader(source), el('component', {}, el('structuredBody', {}, writeSections(source.statements).map((section) => el('component', {}, section)))));
  return `<?xml version="1.0" encoding="UTF-8"?>\n${document.xml}\n`;
}
