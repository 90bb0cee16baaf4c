// II (HL7 V3 data types R1, 3.4). An identifier opens another patient's chart when it is matched wrongly, so each is judged:
// example arcs, placeholders and impossible numbers are kept for showing but never for matching.

import { attribute } from '../xml-tree.ts';
import type { Identifier } from '../clinical-document.ts';
import type { XmlElement } from '../xml.ts';

const SSN_ROOT = '2.16.840.1.113883.4.1';
const NPI_ROOT = '2.16.840.1.113883.4.6';
const MEDICARE_ROOTS = new Set(['2.16.840.1.113883.4.927', '2.16.840.1.113883.4.572', '2.16.840.1.113883.4.338']);
const DRIVER_LICENSE_ARC = '2.16.840.1.113883.4.3.';
/** NHS number (England), CHI (Scotland), Medicare and IHI (Australia), Canadian health cards, NHI (New Zealand). */
const NATIONAL = /^(?:2\.16\.840\.1\.113883\.2\.1\.4\.1|2\.16\.840\.1\.113883\.2\.1\.3\.2\.4\.16\.53|1\.2\.36\.1\.2001\.1003\.0(?:\.\d+)?|1\.2\.36\.1\.5001\.1\.0\.7\.1|2\.16\.840\.1\.113883\.4\.(?:50|5[1-9]|595)|2\.16\.840\.1\.113883\.2\.18\.2)$/;
/** HL7's own example arc: sample and vendor test data share its numbers. */
const EXAMPLE_ARC = /^2\.16\.840\.1\.113883\.19(?:\.|$)/;
const OID = /^[0-2](?:\.(?:0|[1-9]\d*))+$/;
const UUID = /^\{?[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\}?$/i;
const PLACEHOLDER = /^(?:null|unk|unknown|none|n\/a|na|ni|test|undefined|[0x-]*|(.)\1*)$/i;

/** Null when the element carries neither root nor extension. */
export function readIdentifier(element: XmlElement): Identifier | null {
  const root = attribute(element, 'root') ?? null;
  const extension = attribute(element, 'extension') ?? null;
  if (root === null && extension === null) return null;
  const kind = kindOf(root);
  return { root, extension, authority: attribute(element, 'assigningAuthorityName') ?? null, kind, isMatchable: isMatchable(root, extension, kind) };
}

function kindOf(root: string | null): Identifier['kind'] {
  if (root === null) return 'local';
  if (root === SSN_ROOT) return 'ssn';
  if (root === NPI_ROOT) return 'npi';
  if (MEDICARE_ROOTS.has(root)) return 'medicare';
  if (root.startsWith(DRIVER_LICENSE_ARC)) return 'driver_license';
  return NATIONAL.test(root) ? 'national' : 'local';
}

function isMatchable(root: string | null, extension: string | null, kind: Identifier['kind']): boolean {
  if (root === null || EXAMPLE_ARC.test(root) || kind === 'npi') return false;
  // Without an extension the root itself must be the instance: a UUID, or a national number carried in the OID.
  if (extension === null) return UUID.test(root) || (kind === 'national' && /\.\d{10,}$/.test(root));
  if (!OID.test(root) && !UUID.test(root)) return false;
  if (PLACEHOLDER.test(extension)) return false;
  return kind === 'ssn' ? isPossibleSsn(extension) : true;
}

/** SSA: area not 000, 666 or 900–999, group not 00, serial not 0000. */
export function isPossibleSsn(text: string): boolean {
  return /^(?!000|666|9)\d{3}[- ]?(?!00)\d{2}[- ]?(?!0000)\d{4}$/.test(text) && !/^(?:123-?45-?6789|078-?05-?1120|219-?09-?9999)$/.test(text);
}
