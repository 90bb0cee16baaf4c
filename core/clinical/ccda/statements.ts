// The clinical statements of an entry and the parts they share (CDA R2, 4.3.6): acts hold observations, organizers hold components.

import { attribute, at, child, children, elementsOf, hasTemplate, textOf } from '../xml-tree.ts';
import { displayOf, readConcept } from './codes.ts';
import { instanceIdOf, referenceOf, words } from './reading.ts';
import { readPersonName } from './person-name.ts';
import { nameInValueSet } from './value-sets.ts';
import type { Concept } from './codes.ts';
import type { Item, ItemDetails, ItemKind, Period } from '../clinical-document.ts';
import type { Reading } from './reading.ts';
import type { XmlElement } from '../xml.ts';

const STATEMENTS = new Set(['act', 'observation', 'organizer', 'procedure', 'substanceAdministration', 'supply', 'encounter']);

/** The statements directly in an entry, entryRelationship or component. */
export const statementsIn = (holder: XmlElement): XmlElement[] => elementsOf(holder).filter((element) => STATEMENTS.has(element.name));

export type Related = { typeCode: string; statement: XmlElement };

/** Statements one step below. */
export function related(statement: XmlElement): Related[] {
  return elementsOf(statement)
    .filter((element) => element.name === 'entryRelationship' || element.name === 'component')
    .flatMap((link) => statementsIn(link).map((below) => ({ typeCode: attribute(link, 'typeCode') ?? '', statement: below })));
}

/** The nearest statements at or below one that match; below a match the search ends. */
export function nearest(statement: XmlElement, isMatch: (statement: XmlElement) => boolean): XmlElement[] {
  return isMatch(statement) ? [statement] : related(statement).flatMap((below) => nearest(below.statement, isMatch));
}

/** Status observation: C-CDA 2.16.840.1.113883.10.20.22.4.6 (problem) and .4.28 (allergy), CCD 10.20.1.39, .47, .50, .57, LOINC 33999-4. */
const STATUS_TEMPLATES = ['2.16.840.1.113883.10.20.22.4.6', '2.16.840.1.113883.10.20.22.4.28', '2.16.840.1.113883.10.20.1.39', '2.16.840.1.113883.10.20.1.47', '2.16.840.1.113883.10.20.1.50', '2.16.840.1.113883.10.20.1.57', '1.3.6.1.4.1.19376.1.5.3.1.4.1.1'];
/** Severity: C-CDA .22.4.8, CCD 10.20.1.55, IHE PCC 4.1. */
const SEVERITY_TEMPLATES = ['2.16.840.1.113883.10.20.22.4.8', '2.16.840.1.113883.10.20.1.55', '1.3.6.1.4.1.19376.1.5.3.1.4.1'];
/** Comment: C-CDA .22.4.64, CCD 10.20.1.40, IHE PCC 4.2; LOINC 48767-8. */
const COMMENT_TEMPLATES = ['2.16.840.1.113883.10.20.22.4.64', '2.16.840.1.113883.10.20.1.40', '1.3.6.1.4.1.19376.1.5.3.1.4.2'];

const codeOf = (statement: XmlElement): string | undefined => attribute(child(statement, 'code'), 'code');

export const isStatus = (statement: XmlElement): boolean => hasTemplate(statement, ...STATUS_TEMPLATES) || codeOf(statement) === '33999-4';
export const isSeverity = (statement: XmlElement): boolean => hasTemplate(statement, ...SEVERITY_TEMPLATES) || codeOf(statement) === 'SEV';
export const isComment = (statement: XmlElement): boolean => hasTemplate(statement, ...COMMENT_TEMPLATES) || codeOf(statement) === '48767-8';

/** Value set Problem Status 2.16.840.1.113883.3.88.12.80.68; beyond these three the product's own words count. */
export const STATE_WORDS: ReadonlyMap<string, string> = new Map(Object.entries({ '55561003': 'active', '73425007': 'inactive', '413322009': 'resolved' }));

/** What a status observation below says, as a word. */
export function statedStatus(statement: XmlElement, reading: Reading): string | null {
  const observation = related(statement).find((below) => isStatus(below.statement))?.statement;
  const value = child(observation, 'value');
  if (value === undefined) return null;
  return STATE_WORDS.get(attribute(value, 'code') ?? '') ?? (displayOf(value, reading).toLowerCase() || null);
}

export const statusCodeOf = (statement: XmlElement): string | null => attribute(child(statement, 'statusCode'), 'code')?.toLowerCase() ?? null;

export const isOver = (status: string | null): boolean => status !== null && /^(?:inactive|resolved|ruled out|aborted|cancelled|canceled|nullified|obsolete|suspended|discontinued|stopped|no longer active|prior history|remission|held)/.test(status);

/** HL7 ActStatus: made in error, whatever else is said of it. */
export const NULLIFIED = 'nullified';

export const isNegated = (statement: XmlElement): boolean => attribute(statement, 'negationInd')?.toLowerCase() === 'true';

/** Comments below a statement, joined. */
export function commentOf(statement: XmlElement, reading: Reading): string {
  return related(statement)
    .filter((below) => isComment(below.statement))
    .map((below) => words(child(below.statement, 'text'), reading))
    .filter((text) => text !== '')
    .join(' ');
}

/** The first performer's name: the person, else the organization. */
export function performerOf(statement: XmlElement): string {
  for (const performer of children(statement, 'performer')) {
    const entity = child(performer, 'assignedEntity');
    const name = at(entity, 'assignedPerson', 'name');
    const person = name === undefined ? null : readPersonName(name);
    const organization = textOf(at(entity, 'representedOrganization', 'name'));
    if (person !== null) return [person.prefix, person.given, person.middle, person.family, person.suffix].filter((part) => part !== '').join(' ');
    if (organization !== '') return organization;
  }
  return '';
}

// What products write where they have nothing to say. Only counted where no code contradicts it.
export const NOTHING = /^(?:no\b.*\b(?:known|active|current|information|data|history|problems?|allerg\w*|medications?|immuni[sz]ations?|procedures?|results?|encounters?|recorded|documented|available)\b|none\b|not (?:known|available|recorded|documented|asked|on file|applicable)\b|unknown$|nka$|nkda$|n\/a$|(?:patient )?denies\b|there (?:is|are) no\b)/i;
export const NOTHING_CODES = new Set(['716186003', '160244002', '409137002', '428607008', '429625007', '428197003', '160245001', '787481004', '182904002', '443508001']);

/** "No known …": by negation or by a code that says so. Words in place of a code are judged when the item is built. */
export const statesAbsence = (statement: XmlElement, concept: Concept | null): boolean => isNegated(statement) || NOTHING_CODES.has(concept?.code ?? '');

export type Draft = {
  kind: ItemKind;
  statement: XmlElement;
  concept: Concept | null;
  /** Used when the concept has no words. */
  fallback?: string;
  period: Period;
  status: string | null;
  isActive: boolean;
  isAbsence: boolean;
  details?: { [key in keyof ItemDetails]: ItemDetails[key] | '' | undefined };
};

/** Null, with a warning, when nothing could be shown for it. */
export function buildItem(draft: Draft, reading: Reading): Item | null {
  const { concept } = draft;
  const told = words(child(draft.statement, 'text'), reading);
  const display = concept?.display || draft.fallback || (/^-+$/.test(told) ? '' : told) || nameInValueSet(concept?.system ?? null, concept?.code ?? null) || concept?.code || '';
  if (display === '') {
    reading.warned('entry.unread', draft.statement);
    return null;
  }
  const isError = statusCodeOf(draft.statement) === NULLIFIED;
  const isAbsence = draft.isAbsence || ((concept?.code ?? null) === null && NOTHING.test(display));
  return {
    kind: draft.kind,
    code: concept?.code ?? null,
    system: concept?.system ?? null,
    systemName: concept?.systemName ?? null,
    display,
    translations: concept?.translations ?? [],
    start: draft.period.start,
    end: draft.period.end,
    status: isError ? NULLIFIED : draft.status,
    isActive: draft.isActive && !isAbsence && !isError,
    isAbsence,
    instanceId: instanceIdOf(draft.statement),
    narrativeRef: referenceOf(draft.statement),
    details: Object.fromEntries(Object.entries(draft.details ?? {}).filter(([, value]) => value !== '' && value !== undefined && !(Array.isArray(value) && value.length === 0)))
  };
}

export const conceptOf = (statement: XmlElement, reading: Reading): Concept | null => readConcept(child(statement, 'code'), reading);
