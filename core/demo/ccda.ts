import { ccdaHeader } from './ccda-header.ts';
import { ccdaSections } from './ccda-sections.ts';
import type { DemoPatient } from './practice.ts';
import type { PracticeProfile } from './places.ts';
import { Random } from './random.ts';
import { el } from '../clinical/writer/xml.ts';

export type CcdSource = {
  patient: DemoPatient;
  profile: PracticeProfile;
  author: { id: string; given: string; family: string };
  /** ISO 8601 instant at which the document was made; must not lie before the history's last entry. */
  writtenAt: string;
};

/**
 * A Continuity of Care Document after HL7 C-CDA R2.1 (CDA R2, template 2.16.840.1.113883.10.20.22.1.2:2015-08-01), valid
 * against CDA_SDTC.xsd. The same source gives the same bytes: ids come from the record number and the time of writing.
 */
export function renderCcd(source: CcdSource): string {
  const random = new Random(`ccd ${source.profile.oid} ${source.patient.mrn} ${source.writtenAt}`);
  const document = el(
    'ClinicalDocument',
    { xmlns: 'urn:hl7-org:v3', 'xmlns:sdtc': 'urn:hl7-org:sdtc', 'xmlns:xsi': 'http://www.w3.org/2001/XMLSchema-instance' },
    ...ccdaHeader(source, random),
    el('component', {}, el('structuredBody', {}, ...ccdaSections(source, random).map((section) => el('component', {}, section)))),
  );
  return `<?xml version="1.0" encoding="UTF-8"?>\n${document.xml}\n`;
}
