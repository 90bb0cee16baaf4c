import type { ContactProperty } from '../../hooks.ts';
import { keyOf, valueSchema, type CustomValue, type CustomValues } from '../contacts/contact-property.ts';
import { tagList } from '../contacts/contact-schema.ts';
import { readDate } from './cell-date.ts';

/** What a row says beside the person: in words of the practice's own. */
export type OwnValues = { readonly notes: string | null; readonly tags: readonly string[]; readonly custom: CustomValues };

type Cell = (target: string) => { readonly text: string; /** Its place, counted from 1. */ readonly column: number };

/**
 * Tags and properties of the workspace's own. A fault names the column by its place: outcomes are stored in the clear and shown to people from
 * whom a property may be hidden.
 */
export function ownCells(cell: Cell, properties: readonly ContactProperty[]): { own: Omit<OwnValues, 'notes'>; faults: string[] } {
  const faults: string[] = [];
  const labels = cell('tags');
  const tags = [...new Set(labels.text.split(/[,;\n]/).map((label) => label.trim()).filter(Boolean))];
  if (tagList.validate(tags).error !== undefined) faults.push(`Column ${labels.column}: these are no tags.`);
  const inOrder = [...properties].sort((a, b) => cell(a.name).column - cell(b.name).column);
  const custom = inOrder.flatMap((property): [string, CustomValue][] => {
    const { text, column } = cell(property.name);
    if (text === '') return [];
    const value = readCell(property, text);
    if (value !== null && valueSchema(property).validate(value).error === undefined) return [[keyOf(property), value]];
    faults.push(`Column ${column}: this is not ${EXPECTED[property.type]}.`);
    return [];
  });
  return { own: { tags, custom: Object.fromEntries(custom) }, faults };
}

const EXPECTED: Readonly<Record<ContactProperty['type'], string>> = { text: 'a text that fits', number: 'a number', date: 'a day that exists', boolean: 'yes or no', choice: 'one of the choices' };

function readCell({ type, choices }: ContactProperty, text: string): CustomValue | null {
  switch (type) {
    case 'text': return text;
    case 'number': return Number(text.replace(/,(?=\d{3}(?:\D|$))/g, ''));
    case 'date': return readDate(text);
    case 'boolean': return /^(?:y|yes|true|1)$/i.test(text) ? true : /^(?:n|no|false|0)$/i.test(text) ? false : null;
    case 'choice': return choices.find((choice) => choice.toLowerCase() === text.toLowerCase()) ?? null;
  }
}
