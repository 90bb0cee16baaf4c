// AD and TEL (HL7 V3 data types R1, 3.6 and 3.7). C-CDA US Realm address: 2.16.840.1.113883.10.20.22.5.2.

import { attribute, child, children, elementsOf, ownText, textOf } from '../xml-tree.ts';
import { hasEnd } from './times.ts';
import type { Address, Telecom } from '../clinical-document.ts';
import type { XmlElement } from '../xml.ts';

const STREET_PARTS = new Set(['houseNumber', 'houseNumberNumeric', 'buildingNumberSuffix', 'direction', 'streetName', 'streetNameBase', 'streetNameType', 'postBox']);
const LINE_PARTS = new Set(['streetAddressLine', 'deliveryAddressLine', 'additionalLocator', 'unitType', 'unitID', 'careOf', 'precinct']);

/** Null for addresses without content. */
export function readAddress(element: XmlElement): Address | null {
  const part = (name: string): string => textOf(child(element, name));
  const street = elementsOf(element).filter((each) => STREET_PARTS.has(each.name)).map(textOf).filter((text) => text !== '').join(' ');
  const lines = elementsOf(element).filter((each) => LINE_PARTS.has(each.name)).map(textOf);
  const loose = ownText(element);
  const address: Address = {
    use: attribute(element, 'use') ?? null,
    lines: [street, ...lines, loose].filter((line) => line !== ''),
    city: part('city'),
    state: part('state'),
    postalCode: part('postalCode'),
    country: part('country')
  };
  return address.lines.length === 0 && [address.city, address.state, address.postalCode].every((text) => text === '') ? null : address;
}

/** Null for telecoms without content (nullFlavor, a bare scheme). The value comes without its scheme. */
export function readTelecom(element: XmlElement): Telecom | null {
  const written = attribute(element, 'value') ?? ownText(element);
  const [, scheme = '', rest = ''] = /^(?:([a-z][a-z-]*):(?:\/\/)?)?(.*)$/i.exec(written) ?? [];
  const value = unescaped(rest).replace(/\s+/g, ' ').trim();
  if (value === '' || /^(?:null|unk|unknown|n\/a|none|not available|0+)$/i.test(value)) return null;
  return { system: systemOf(scheme.toLowerCase(), value), value: /^https?$/i.test(scheme) ? written : value, use: attribute(element, 'use') ?? null };
}

function systemOf(scheme: string, value: string): Telecom['system'] {
  // The shape outranks the scheme: products put mail addresses behind `tel:` and numbers behind `mailto:`.
  if (/^[^\s@]+@[^\s@]+$/.test(value)) return 'email';
  if (scheme === 'fax' || scheme === 'x-text-fax') return 'fax';
  return /^(?:https?|ftp|file|mllp|nfs)$/.test(scheme) ? 'url' : 'phone';
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A per cent sign that starts no escape: the text was never escaped.
    return text;
  }
}

export const readTelecoms = (holder: XmlElement | undefined): Telecom[] => distinct(presentFirst(children(holder, 'telecom')).flatMap((element) => readTelecom(element) ?? []));
export const readAddresses = (holder: XmlElement | undefined): Address[] => distinct(presentFirst(children(holder, 'addr')).flatMap((element) => readAddress(element) ?? []));

/** What has an end of its use is kept, behind what has none: products send where somebody lived before. */
const presentFirst = (elements: readonly XmlElement[]): XmlElement[] => [...elements].sort((a, b) => Number(hasEnd(child(a, 'useablePeriod'))) - Number(hasEnd(child(b, 'useablePeriod'))));

const distinct = <T>(values: T[]): T[] => [...new Map(values.map((value) => [JSON.stringify(value), value])).values()];
