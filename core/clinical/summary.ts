// Several documents of one patient as one summary: what is said twice is listed once, with every document that says it.
// Of two statements about the same thing the later document's counts.

import { NULLIFIED } from './ccda/statements.ts';
import { dayOf, isBefore } from './ccda/times.ts';
import type { ClinicalDocument, Item, ItemKind } from './clinical-document.ts';

export type SummaryItem = Item & {
  /** Indexes into the documents given, the one whose statement counts first. */
  sources: number[];
};

export type ClinicalSummary = {
  problems: SummaryItem[];
  pastProblems: SummaryItem[];
  medications: SummaryItem[];
  pastMedications: SummaryItem[];
  allergies: SummaryItem[];
  pastAllergies: SummaryItem[];
  immunizations: SummaryItem[];
  procedures: SummaryItem[];
  encounters: SummaryItem[];
  socialHistory: SummaryItem[];
  /** The newest value of each test or sign, but for those that were broken off or cancelled. */
  latestResults: SummaryItem[];
  latestVitalSigns: SummaryItem[];
  /** "No known …", only of kinds about which nothing else is known; vaccines and procedures not given or done. */
  absences: SummaryItem[];
  /** Sections that speak only in their narrative. */
  narrativeOnly: { document: number; section: number; kind: ItemKind; title: string }[];
};

/** Kinds of which each occurrence is an event of its own, told apart by its day. */
const DATED = new Set<ItemKind>(['immunizations', 'procedures', 'encounters', 'results', 'vital_signs']);
/** Kinds in which "none" is a statement about the patient; elsewhere an absence is one act not done. */
const LISTS = new Set<ItemKind>(['problems', 'medications', 'allergies']);

/** `today`: `YYYY-MM-DD`. A course of a drug that a document knew the end of is over once that day has passed. */
export function clinicalSummary(documents: readonly ClinicalDocument[], today: string): ClinicalSummary {
  const merged = statementsOf(documents).map((item) => (item.kind === 'medications' && item.end !== null && isBefore(item.end, today) ? { ...item, isActive: false } : item));
  const spokenOf = new Set(merged.filter((item) => item.isActive && LISTS.has(item.kind)).map((item) => item.kind));
  const of = (kind: ItemKind): SummaryItem[] => newestFirst(merged.filter((item) => item.kind === kind && !item.isAbsence));
  const current = (kind: ItemKind): SummaryItem[] => of(kind).filter((item) => item.isActive);
  const past = (kind: ItemKind): SummaryItem[] => of(kind).filter((item) => !item.isActive);
  return {
    problems: current('problems'),
    pastProblems: past('problems'),
    medications: current('medications'),
    pastMedications: past('medications'),
    allergies: current('allergies'),
    pastAllergies: past('allergies'),
    immunizations: of('immunizations'),
    procedures: of('procedures'),
    encounters: of('encounters'),
    socialHistory: of('social_history'),
    latestResults: latest(of('results')),
    latestVitalSigns: latest(of('vital_signs')),
    absences: newestFirst(merged.filter((item) => item.isAbsence && !spokenOf.has(item.kind))),
    narrativeOnly: standing(documents).flatMap(([document, index]) =>
      document.sections.flatMap((section, position) =>
        section.kind !== 'other' && section.items.length === 0 && section.narrativeHtml !== '' ? [{ document: index, section: position, kind: section.kind, title: section.title }] : []))
  };
}

/**
 * Every statement of the documents, once each: past values of a test too, which a summary leaves out. What a newer version of its document replaced
 * is not said any more; what was entered in error (nullified) neither, and takes back what earlier documents said of it.
 */
export function statementsOf(documents: readonly ClinicalDocument[]): SummaryItem[] {
  const newestFirst = standing(documents).sort(([a], [b]) => compareTimes(b.header.effectiveTime, a.header.effectiveTime));
  const items: SummaryItem[] = [];
  const known = new Map<string, SummaryItem>();
  for (const [document, index] of newestFirst) {
    // Of what was entered in error and put right beside it, the latter counts.
    for (const item of document.sections.flatMap((section) => section.items).sort((a, b) => Number(isError(a)) - Number(isError(b)))) {
      const keys = keysOf(item);
      const same = keys.map((key) => known.get(key)).find((found) => found !== undefined);
      if (same === undefined || isAnotherCourse(item, items.filter(({ sources }) => sources[0] === index))) {
        const added = { ...item, sources: [index] };
        items.push(added);
        for (const key of keys) if (!known.has(key)) known.set(key, added);
        continue;
      }
      if (!same.sources.includes(index)) same.sources.push(index);
      // One list may hold an old and a new spell of the same thing: then the one that is so now counts.
      if (same.sources[0] === index && item.isActive && !same.isActive) Object.assign(same, item);
      same.start ??= item.start;
      for (const key of keys) if (!known.has(key)) known.set(key, same);
    }
  }
  return items.filter((item) => !isError(item));
}

const isError = ({ status }: Item): boolean => status === NULLIFIED;

/** The documents no other one replaces, each with its index: by name (relatedDocument RPLC), or as a lower version of the same set (CDA R2, 4.2.1.7 and 4.2.3.1). */
function standing(documents: readonly ClinicalDocument[]): [document: ClinicalDocument, index: number][] {
  const replaced = new Set(documents.flatMap(({ header }) => header.replaces));
  const newest = new Map<string, number>();
  for (const { header: { setId, versionNumber } } of documents) if (setId !== null && versionNumber !== null) newest.set(setId, Math.max(versionNumber, newest.get(setId) ?? versionNumber));
  return documents.map((document, index): [ClinicalDocument, number] => [document, index])
    .filter(([{ header: { id, setId, versionNumber } }]) => !replaced.has(id ?? '') && (setId === null || versionNumber === null || versionNumber === newest.get(setId)));
}

/** One list may name a drug twice, taken differently now: ten units in the morning and fifteen at night. */
function isAnotherCourse(item: Item, listed: readonly Item[]): boolean {
  if (item.kind !== 'medications' || !item.isActive) return false;
  const keys = new Set(keysOf(item));
  const courses = listed.filter((other) => other.isActive && keysOf(other).some((key) => keys.has(key)));
  return courses.length > 0 && courses.every((other) => posologyOf(other) !== posologyOf(item));
}

const posologyOf = ({ details: { dose, form, route, frequency, instructions, precondition } }: Item): string => JSON.stringify([dose, form, route, frequency, instructions, precondition]);

/** Same code in the same system, same code after translation, or the same words: each makes two items one. */
function keysOf(item: Item): string[] {
  const event = DATED.has(item.kind) ? `|${item.start === null ? '' : dayOf(item.start)}|${item.details.value ?? ''}` : '';
  const tail = `${event}|${item.isAbsence}`;
  const codes = [item, ...item.translations].filter((coded) => coded.code !== null).map((coded) => `${item.kind}|${coded.system}|${coded.code}${tail}`);
  return [...codes, `${item.kind}|words|${item.display.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, ' ').trim()}${tail}`];
}

function latest(items: readonly SummaryItem[]): SummaryItem[] {
  const newest = new Map<string, SummaryItem>();
  for (const item of items) {
    const key = item.code === null ? item.display.toLowerCase() : `${item.system}|${item.code}`;
    if (item.details.value !== undefined && item.isActive && !newest.has(key)) newest.set(key, item);
  }
  return [...newest.values()];
}

const newestFirst = (items: readonly SummaryItem[]): SummaryItem[] => [...items].sort((a, b) => compareTimes(b.start, a.start) || (a.display < b.display ? -1 : 1));

/** ISO times sort as text; what is not known sorts as oldest. */
function compareTimes(a: string | null, b: string | null): number {
  if (a === null || b === null) return Number(a !== null) - Number(b !== null);
  return a < b ? -1 : a > b ? 1 : 0;
}
