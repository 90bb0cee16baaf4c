// The body: sections in document order, nested ones after the one that holds them, each with its items and its narrative.

import { all, at, attribute, child, children, textOf } from '../xml-tree.ts';
import { readAllergies } from './allergies.ts';
import { readCoded } from './codes.ts';
import { readEncounters } from './encounters.ts';
import { readImmunizations } from './immunizations.ts';
import { readMedications } from './medications.ts';
import { narrativeHtml } from './narrative.ts';
import { enterSection } from './reading.ts';
import { readProblems } from './problems.ts';
import { readProcedures } from './procedures.ts';
import { readResults, readVitalSigns } from './results.ts';
import { KIND_TITLES, kindOfSection } from './section-kinds.ts';
import { readSocialHistory } from './social-history.ts';
import { NULLIFIED, statementsIn, statusCodeOf } from './statements.ts';
import type { Item, ItemKind, Section, SectionKind } from '../clinical-document.ts';
import type { Reading } from './reading.ts';
import type { XmlElement } from '../xml.ts';

const READERS: Readonly<Record<ItemKind, (statement: XmlElement, reading: Reading) => Item[]>> = {
  problems: readProblems,
  medications: readMedications,
  allergies: readAllergies,
  immunizations: readImmunizations,
  results: readResults,
  vital_signs: readVitalSigns,
  procedures: readProcedures,
  encounters: readEncounters,
  social_history: readSocialHistory
};

export type ReadBody = {
  sections: Section[];
  /** Statements of social history sections, for what they say of the person. */
  socialStatements: XmlElement[];
};

export function readBody(root: XmlElement, reading: Reading): ReadBody {
  const body: ReadBody = { sections: [], socialStatements: [] };
  // Some products leave structuredBody or component out around the sections.
  const holder = at(root, 'component', 'structuredBody') ?? child(root, 'structuredBody') ?? root;
  for (const section of sectionsIn(holder)) readSection(section, body, reading);
  return body;
}

const sectionsIn = (holder: XmlElement): XmlElement[] => [...all(holder, 'component', 'section'), ...children(holder, 'section')];

function readSection(section: XmlElement, body: ReadBody, reading: Reading): void {
  const kind = kindOfSection(section);
  const text = child(section, 'text');
  enterSection(text, reading);
  const statements = children(section, 'entry').flatMap(statementsIn);
  const html = narrativeHtml(text);
  const items = kind === 'other' ? [] : statements.flatMap((statement) => readStatement(kind, statement, reading));
  if (kind === 'social_history') body.socialStatements.push(...statements);
  if (kind !== 'other' && items.length === 0 && html !== '') reading.warned('section.narrative_only', section);
  const nested = sectionsIn(section);
  if (html !== '' || items.length > 0 || nested.length === 0) body.sections.push({ kind, title: titleOf(section, kind), code: readCoded(child(section, 'code'), reading), items, narrativeHtml: html });
  for (const each of nested) readSection(each, body, reading);
}

/** A concern or a panel that was made in error takes along what it holds. */
function readStatement(kind: ItemKind, statement: XmlElement, reading: Reading): Item[] {
  const items = READERS[kind](statement, reading);
  return statusCodeOf(statement) === NULLIFIED ? items.map((item) => ({ ...item, status: NULLIFIED, isActive: false })) : items;
}

const titleOf = (section: XmlElement, kind: SectionKind): string => textOf(child(section, 'title')) || (attribute(child(section, 'code'), 'displayName') ?? KIND_TITLES[kind]);
