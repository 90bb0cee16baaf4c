// The document's own facts: CDA R2 4.2.1; C-CDA US Realm Header 2.16.840.1.113883.10.20.22.1.1.

import { all, attribute, at, child, children, textOf } from '../xml-tree.ts';
import { readCoded } from './codes.ts';
import { readPersonName } from './person-name.ts';
import { readTime } from './times.ts';
import type { Header } from '../clinical-document.ts';
import type { Reading } from './reading.ts';
import type { XmlElement } from '../xml.ts';

export function readHeader(root: XmlElement, reading: Reading): Header {
  const typeCode = readCoded(child(root, 'code'), reading);
  const version = Number(attribute(child(root, 'versionNumber'), 'value') ?? NaN);
  return {
    id: identifier(child(root, 'id')),
    setId: identifier(child(root, 'setId')),
    versionNumber: Number.isSafeInteger(version) ? version : null,
    replaces: children(root, 'relatedDocument')
      .filter((related) => attribute(related, 'typeCode') === 'RPLC')
      .flatMap((related) => all(related, 'parentDocument', 'id').flatMap((id) => identifier(id) ?? [])),
    title: textOf(child(root, 'title')) || typeCode?.display || '',
    typeCode,
    effectiveTime: readTime(child(root, 'effectiveTime'), reading),
    language: attribute(child(root, 'languageCode'), 'code') ?? null,
    confidentiality: attribute(child(root, 'confidentialityCode'), 'code') ?? null,
    authors: [...new Set(all(root, 'author', 'assignedAuthor').map(authorName).filter((name) => name !== ''))],
    custodian: textOf(at(root, 'custodian', 'assignedCustodian', 'representedCustodianOrganization', 'name')) || null
  };
}

function identifier(element: XmlElement | undefined): string | null {
  const root = attribute(element, 'root');
  const extension = attribute(element, 'extension');
  return root === undefined ? (extension ?? null) : extension === undefined ? root : `${root}^${extension}`;
}

/** The person, else the device, else the organization. */
function authorName(author: XmlElement): string {
  const name = at(author, 'assignedPerson', 'name');
  const person = name === undefined ? null : readPersonName(name);
  if (person !== null) return [person.prefix, person.given, person.middle, person.family, person.suffix].filter((part) => part !== '').join(' ');
  const device = child(author, 'assignedAuthoringDevice');
  return textOf(child(device, 'softwareName')) || textOf(child(device, 'manufacturerModelName')) || textOf(at(author, 'representedOrganization', 'name'));
}
