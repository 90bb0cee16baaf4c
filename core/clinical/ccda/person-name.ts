// PN and EN (HL7 V3 data types R1, 3.5): named parts, mixed content, or one text. C-CDA US Realm name: 2.16.840.1.113883.10.20.22.5.1 (.1).

import { attribute, child, children, elementsOf, ownText, textOf } from '../xml-tree.ts';
import { hasEnd } from './times.ts';
import type { PersonName } from '../clinical-document.ts';
import type { RepairCode } from '../repairs.ts';
import type { XmlElement } from '../xml.ts';

// The longest names on record have some 200 characters; what is longer is a note in the wrong place.
const NAME_LENGTH_MAX = 300;

type OnRepair = (code: RepairCode, element: XmlElement) => void;

// Written where a field was empty. "Null" and "Unknown" with a capital may be someone's name.
const PLACEHOLDER = /^(?:null|undefined|unknown|n\/a|none|nfn|nln|\(null\)|-+|\.+)$/;
const SUFFIX = /^(?:jr|sr|ii|iii|iv|v|md|m\.d|do|d\.o|phd|ph\.d|rn|np|pa|esq|dds)\.?$/i;
const PREFIX = /^(?:mr|mrs|ms|miss|mx|dr|prof|rev|herr|frau|sr\.|sra|mme|mlle)\.?$/i;
// Particles belong to the family name that follows.
const PARTICLE = /^(?:van|von|der|den|de|del|della|di|da|dos|das|la|le|bin|ibn|al|ter|ten|zu|st\.)$/i;

/** Null when the element holds no part and no text (nullFlavor, placeholders), or far too much of it. */
export function readPersonName(element: XmlElement, onRepair: OnRepair = () => {}): PersonName | null {
  const given: string[] = [];
  const families: { text: string; qualifiers: string }[] = [];
  const prefixes: string[] = [];
  const suffixes: string[] = [];
  let nickname = '';
  if (textOf(element).length > NAME_LENGTH_MAX) return null;
  let loose = ownText(element).replace(/\s*[,;]\s*$/, '');
  for (const part of elementsOf(element)) {
    const text = textOf(part);
    if (text === '') continue;
    if (PLACEHOLDER.test(text)) {
      onRepair('name.placeholder', part);
      continue;
    }
    const qualifiers = attribute(part, 'qualifier') ?? '';
    if (part.name === 'given') {
      const isCallName = /\bCL\b/.test(qualifiers);
      if (isCallName) nickname ||= text;
      // What stands first is the first name, marked or not (C-CDA PTN.US: given[2] is the middle name); marked later, it is one more name.
      if (!isCallName || given.length === 0) given.push(text);
    }
    else if (part.name === 'family') families.push({ text, qualifiers });
    else if (part.name === 'prefix') prefixes.push(text);
    else if (part.name === 'suffix') suffixes.push(text);
  }
  if (PLACEHOLDER.test(loose)) loose = '';
  if (loose !== '' && (given.length === 0 || families.length === 0)) {
    onRepair('name.split', element);
    const split = splitName(loose, { hasGiven: given.length > 0, hasFamily: families.length > 0 });
    given.push(...split.given);
    if (split.family !== '') families.push({ text: split.family, qualifiers: '' });
    prefixes.push(...split.prefixes);
    suffixes.push(...split.suffixes);
  }
  if (given.length === 0 && families.length === 0) return null;
  return {
    prefix: prefixes.join(' '),
    given: given[0] ?? '',
    middle: given.slice(1).join(' '),
    family: currentFamily(families),
    suffix: suffixes.join(' '),
    nickname,
    use: attribute(element, 'use') ?? null
  };
}

/** Of several family names the one marked as birth name (BR) steps back; the others are parts of one name. */
function currentFamily(families: readonly { text: string; qualifiers: string }[]): string {
  const current = families.filter((family) => !/\bBR\b/.test(family.qualifiers));
  return (current.length > 0 ? current : families).map((family) => family.text).join(' ');
}

type Split = { given: string[]; family: string; prefixes: string[]; suffixes: string[] };

/** `Family, Given Middle` or `Given Middle Family`, with titles at the ends. */
function splitName(text: string, known: { hasGiven: boolean; hasFamily: boolean }): Split {
  const split: Split = { given: [], family: '', prefixes: [], suffixes: [] };
  const [beforeComma = '', ...afterComma] = text.split(',').map((piece) => piece.trim()).filter((piece) => piece !== '');
  let wordsLeft = beforeComma.split(' ');
  split.suffixes.push(...afterComma.filter((piece) => SUFFIX.test(piece)));
  const rest = afterComma.filter((piece) => !SUFFIX.test(piece));
  while (wordsLeft.length > 1 && PREFIX.test(wordsLeft[0] as string)) split.prefixes.push(wordsLeft.shift() as string);
  while (wordsLeft.length > 1 && SUFFIX.test(wordsLeft[wordsLeft.length - 1] as string)) split.suffixes.unshift(wordsLeft.pop() as string);
  if (known.hasFamily) split.given = [...wordsLeft, ...rest.flatMap((piece) => piece.split(' '))];
  else if (known.hasGiven) split.family = wordsLeft.join(' ');
  else if (rest.length > 0) {
    split.family = wordsLeft.join(' ');
    wordsLeft = rest.flatMap((piece) => piece.split(' '));
    split.suffixes.push(...wordsLeft.filter((word) => SUFFIX.test(word)));
    split.given = wordsLeft.filter((word) => !SUFFIX.test(word));
  } else {
    let first = wordsLeft.length - 1;
    while (first > 1 && PARTICLE.test(wordsLeft[first - 1] as string)) first -= 1;
    split.family = wordsLeft.slice(first).join(' ');
    split.given = wordsLeft.slice(0, first);
  }
  return split;
}

// Names by which a person is not to be filed: search, pseudonym, assigned, maiden, former, bad (HL7 EntityNameUse).
const SECONDARY_USE = /\b(?:SRCH|PHON|SNDX|P|ASGN|A|I|R|MAID|OLD|BAD|DN)\b/;

/** A person's names: legal first, then unmarked, then any other; former ones behind them; in document order. */
export function readPersonNames(person: XmlElement, onRepair: OnRepair): PersonName[] {
  const rank = (name: PersonName, isFormer: boolean): number => {
    if (name.given === '' || name.family === '') return 4;
    if (isFormer) return 3;
    if (name.use === null) return 1;
    if (SECONDARY_USE.test(name.use)) return 3;
    return /\bL\b/.test(name.use) ? 0 : 2;
  };
  const names = children(person, 'name').flatMap((element) => {
    const name = readPersonName(element, onRepair);
    return name === null ? [] : [{ name, rank: rank(name, isFormerName(element)) }];
  });
  return names.sort((a, b) => a.rank - b.rank).map(({ name }) => name);
}

/** A legal name that has an end, or whose family name is that of birth alone, is not the present one, though it keeps its use (C-CDA US Realm Patient Name, 5.1). */
function isFormerName(element: XmlElement): boolean {
  const families = children(element, 'family');
  return hasEnd(child(element, 'validTime')) || (families.length > 0 && families.every((family) => /\bBR\b/.test(attribute(family, 'qualifier') ?? '')));
}
