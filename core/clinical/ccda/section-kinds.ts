// Which section is which: by LOINC code first (also in a translation), then by template, then by title.
// Templates: C-CDA R1.1/R2.1 `2.16.840.1.113883.10.20.22.2.*`, CCD 1.0 `2.16.840.1.113883.10.20.1.*`,
// HITSP C83 `2.16.840.1.113883.3.88.11.83.*`, IHE PCC `1.3.6.1.4.1.19376.1.5.3.1.*`.

import { attribute, child, children, templatesOf, textOf } from '../xml-tree.ts';
import type { ItemKind, SectionKind } from '../clinical-document.ts';
import type { XmlElement } from '../xml.ts';

const CCDA = '2.16.840.1.113883.10.20.22.2.';
const CCD = '2.16.840.1.113883.10.20.1.';
const HITSP = '2.16.840.1.113883.3.88.11.83.';
const IHE = '1.3.6.1.4.1.19376.1.5.3.1.';

type Recognition = { loinc: readonly string[]; templates: readonly string[]; title: RegExp };

const KINDS: Readonly<Record<ItemKind, Recognition>> = {
  problems: {
    // Problem list, past illness, admission and discharge diagnosis, pre- and postoperative and postprocedure diagnosis.
    loinc: ['11450-4', '11348-0', '46241-6', '42347-5', '11535-2', '78375-3', '29308-4', '10219-4', '10218-6', '59769-0', '55109-3', 'C-CDAV2-DDN'],
    templates: [`${CCDA}5`, `${CCDA}5.1`, `${CCDA}20`, `${CCDA}24`, `${CCDA}43`, `${CCDA}34`, `${CCDA}35`, `${CCDA}36`, `${CCD}11`, `${HITSP}103`, `${HITSP}104`, `${HITSP}111`, `${IHE}3.6`, `${IHE}3.7`, `${IHE}3.8`, `${IHE}3.3`],
    title: /\b(?:problems?|problem list|diagnos[ei]s|conditions?|past medical history)\b/i
  },
  medications: {
    loinc: ['10160-0', '29549-3', '10183-2', '75311-1', '42346-7', '57828-6', '66149-6'],
    templates: [`${CCDA}1`, `${CCDA}1.1`, `${CCDA}11`, `${CCDA}11.1`, `${CCDA}38`, `${CCDA}44`, `${CCD}8`, `${HITSP}112`, `${HITSP}113`, `${HITSP}114`, `${HITSP}115`, `${IHE}3.19`, `${IHE}3.20`, `${IHE}3.21`, `${IHE}3.22`],
    title: /\bmedications?\b|\bprescriptions?\b|\bmedicamentos\b/i
  },
  allergies: {
    loinc: ['48765-2'],
    templates: [`${CCDA}6`, `${CCDA}6.1`, `${CCD}2`, `${HITSP}102`, `${IHE}3.13`],
    title: /\ballerg(?:y|ies)\b|\badverse reactions?\b|\balergias\b/i
  },
  immunizations: {
    loinc: ['11369-6'],
    templates: [`${CCDA}2`, `${CCDA}2.1`, `${CCD}6`, `${HITSP}117`, `${IHE}3.23`],
    title: /\bimmuni[sz]ations?\b|\bvaccin/i
  },
  results: {
    loinc: ['30954-2', '11493-4', '26436-6', '18725-2', '26438-2', '26437-4'],
    templates: [`${CCDA}3`, `${CCDA}3.1`, `${CCDA}16`, `${CCD}14`, `${HITSP}122`, `${IHE}3.27`, `${IHE}3.28`],
    title: /\bresults?\b|\blab(?:s|oratory)?\b/i
  },
  vital_signs: {
    loinc: ['8716-3'],
    templates: [`${CCDA}4`, `${CCDA}4.1`, `${CCD}16`, `${HITSP}119`, `${IHE}3.25`, `${IHE}1.5.3.2`],
    title: /\bvitals?\b/i
  },
  procedures: {
    loinc: ['47519-4', '10223-6', '8724-7'],
    templates: [`${CCDA}7`, `${CCDA}7.1`, `${CCD}12`, `${HITSP}108`, `${HITSP}145`, `${IHE}3.11`, `${IHE}3.12`, `${IHE}1.13.2.11`],
    title: /^(?:history of )?(?:procedures?|surger(?:y|ies)|surgical history|past surgical history|operations?)(?: performed)?$/i
  },
  encounters: {
    loinc: ['46240-8'],
    templates: [`${CCDA}22`, `${CCDA}22.1`, `${CCD}3`, `${HITSP}127`, `${IHE}1.5.3.3`],
    title: /\bencounters?\b|\bvisits? history\b/i
  },
  social_history: {
    loinc: ['29762-2'],
    templates: [`${CCDA}17`, `${CCD}15`, `${HITSP}126`, `${IHE}3.16`, `${IHE}3.16.1`],
    title: /\bsocial history\b|\bsmoking\b|\btobacco\b/i
  }
};

const ENTRIES = Object.entries(KINDS) as [ItemKind, Recognition][];
const BY_LOINC = new Map(ENTRIES.flatMap(([kind, recognition]) => recognition.loinc.map((code) => [code, kind] as const)));
const BY_TEMPLATE = new Map(ENTRIES.flatMap(([kind, recognition]) => recognition.templates.map((root) => [root, kind] as const)));

// A coded section of another sort is not renamed by its title: "Medication instructions", "Procedure findings".
export function kindOfSection(section: XmlElement): SectionKind {
  const code = child(section, 'code');
  const codes = [code, ...children(code, 'translation')].flatMap((element) => attribute(element, 'code') ?? []);
  for (const each of codes) {
    const kind = BY_LOINC.get(each);
    if (kind !== undefined) return kind;
  }
  for (const root of templatesOf(section)) {
    const kind = BY_TEMPLATE.get(root);
    if (kind !== undefined) return kind;
  }
  if (codes.some((each) => /^\d{1,5}-\d$/.test(each))) return 'other';
  const title = textOf(child(section, 'title')) || (attribute(code, 'displayName') ?? '');
  return ENTRIES.find(([, recognition]) => recognition.title.test(title))?.[0] ?? 'other';
}

export const KIND_TITLES: Readonly<Record<SectionKind, string>> = {
  problems: 'Problems', medications: 'Medications', allergies: 'Allergies', immunizations: 'Immunizations', results: 'Results',
  vital_signs: 'Vital signs', procedures: 'Procedures', encounters: 'Encounters', social_history: 'Social history', other: 'Section'
};
