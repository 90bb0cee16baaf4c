import { randomUUID } from 'node:crypto';
import type { Coded } from '../clinical-document.ts';
import { el, type Xml } from './xml.ts';

/** Parts that every section of a C-CDA document is written with; each is read back by its namesake in core/clinical/ccda. */

/** R2.1 asks for the versioned template id, and for the bare one so that R1.1 receivers recognise it too. */
export function templates(...ids: readonly string[]): Xml[] {
  return ids.flatMap((id) => {
    const [root = '', extension] = id.split(':');
    return extension ? [el('templateId', { root }), el('templateId', { root, extension })] : [el('templateId', { root })];
  });
}

const OID = /^[0-2](?:\.(?:0|[1-9]\d*))+$/;
const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;
/** What `root` and `codeSystem` may hold (HL7 V3 data types R1, 3.4: uid). */
export const isUid = (text: string): boolean => OID.test(text) || UUID.test(text);

/** The statement's own id where it came with one, else a new one: ids are required, and equal ids are one statement. */
export function statementId(instanceId: string | null = null): Xml {
  const [root = '', extension] = (instanceId ?? '').split('^');
  return isUid(root) ? el('id', { root, extension: extension ?? null }) : el('id', { root: randomUUID() });
}

type Concept = Coded & { readonly translations?: readonly Coded[] };

/** A concept (CD). Without a code, or with one that XML Schema's `cs` cannot hold, its words are the original text (nullFlavor OTH). */
export function concept(tag: string, coded: Concept, children: readonly Xml[] = []): Xml {
  const type = tag === 'value' ? { 'xsi:type': 'CD' } : {};
  const translations = (coded.translations ?? []).filter(isWritable).map((each) => el('translation', codeAttributes(each)));
  if (!isWritable(coded)) return el(tag, { ...type, nullFlavor: 'OTH' }, originalText(coded.display), ...children, ...translations);
  return el(tag, { ...type, ...codeAttributes(coded) }, ...children, ...translations);
}

const isWritable = ({ code }: Coded): boolean => code !== null && /^\S+$/.test(code);
const originalText = (text: string): Xml | null => (text === '' ? null : el('originalText', {}, text));

function codeAttributes({ code, system, systemName, display }: Coded): Record<string, string | null> {
  return { code, codeSystem: system !== null && isUid(system) ? system : null, codeSystemName: systemName, displayName: display || null };
}

/** A concept of which only the words are held. */
export const words = (tag: string, text: string | undefined, children: readonly Xml[] = []): Xml | null =>
  (text ? concept(tag, { code: null, system: null, systemName: null, display: text }, children) : null);

const SYSTEMS = {
  snomed: ['2.16.840.1.113883.6.96', 'SNOMED CT'], loinc: ['2.16.840.1.113883.6.1', 'LOINC'], actClass: ['2.16.840.1.113883.5.6', 'HL7ActClass'], actCode: ['2.16.840.1.113883.5.4', 'ActCode'],
} as const;

/** A code that the standard fixes. */
export function fixed(tag: string, system: keyof typeof SYSTEMS, code: string, display: string, ...children: readonly Xml[]): Xml {
  const [oid, systemName] = SYSTEMS[system];
  return concept(tag, { code, system: oid, systemName, display }, children);
}

/** ISO 8601, at any precision, as TS: `2014-02-11T13:54-05:00` is `201402111354-0500`. */
export function timestamp(iso: string): string {
  const [, date = '', time = '', zone = ''] = /^([\d-]+)(?:T([\d:]+)(?:\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?$/.exec(iso) ?? [];
  return `${date.replaceAll('-', '')}${time.replaceAll(':', '')}${zone === 'Z' ? '+0000' : zone.replace(':', '')}`;
}

/** From one time to another, or still going on; a start that nobody knows is said to be unknown. */
export function interval(start: string | null, end: string | null, attributes: Record<string, string> = {}): Xml {
  return el('effectiveTime', attributes, el('low', start === null ? { nullFlavor: 'UNK' } : { value: timestamp(start) }), end === null ? null : el('high', { value: timestamp(end) }));
}

/** A point in time, or an interval where it has an end. */
export function moment(start: string | null, end: string | null): Xml {
  if (end !== null) return interval(start, end);
  return el('effectiveTime', start === null ? { nullFlavor: 'UNK' } : { value: timestamp(start) });
}

export const statusCode = (code: string): Xml => el('statusCode', { code });

/** Comment Activity (4.64). */
export function comment(text: string | undefined): Xml | null {
  if (!text) return null;
  return relationship('SUBJ', el('act', { classCode: 'ACT', moodCode: 'EVN' }, ...templates('2.16.840.1.113883.10.20.22.4.64'), fixed('code', 'loinc', '48767-8', 'Annotation comment'), el('text', {}, text)));
}

export const relationship = (typeCode: string, statement: Xml, inversionInd: 'true' | null = null): Xml => el('entryRelationship', { typeCode, inversionInd }, statement);

/** Who did it, in words: the name is held as one text (US Realm Person Name, 5.1.1, allows that). */
export function performer(name: string | undefined): Xml | null {
  if (!name) return null;
  return el('performer', {}, el('assignedEntity', {}, el('id', { nullFlavor: 'NI' }), el('assignedPerson', {}, el('name', {}, name))));
}

export type Row = { readonly id: string; readonly cells: readonly string[] };

/** The human-readable half of a section; entries point into it by row id. */
export function narrative(headings: readonly string[], rows: readonly Row[], none: string): Xml {
  if (rows.length === 0) return el('text', {}, el('paragraph', {}, none));
  const head = el('thead', {}, el('tr', {}, headings.map((heading) => el('th', {}, heading))));
  const body = el('tbody', {}, rows.map(({ id, cells }) => el('tr', { ID: id }, cells.map((cell) => el('td', {}, cell)))));
  return el('text', {}, el('table', { border: '1', width: '100%' }, head, body));
}

/** `<text><reference value="#id"/></text>`: where the narrative says the same. */
export function textReference(id: string): Xml {
  return el('text', {}, el('reference', { value: `#${id}` }));
}
