import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import type { ContactChanges } from '../../core/practice/contacts/contact-schema.ts';
import { createContact } from '../../core/practice/contacts/write-contact.ts';
import { createPeople, scopeAs, type People } from '../support/people.ts';
import { AUDIT_INSERT, auditRow } from './floor-program.ts';
import { interleave, rate, type Result } from './measure.ts';
import type { Bench } from './run.ts';

/** A contact made through its action (sealed, tagged, signed into the chain) beside INSERTs of the same columns and of an audit row in one transaction. */
export async function benchAuditedWrite({ installation, options }: Bench): Promise<Result[]> {
  const { app } = installation;
  const people = await createPeople(app, `write-${randomUUID().slice(0, 8)}`); // contacts looked up elsewhere stay the same on both sides
  const results: Result[] = [];
  for (const concurrency of [1, 10]) {
    const sides = {
      wardkeep: () => rate(concurrency, options.sliceMs, () => app.withWorkspace(scopeAs(people.manager), (tx) => createContact(tx, inventContact()))),
      floor: () => rate(concurrency, options.sliceMs, () => insertPlain(installation.floor, people, inventContact())),
    };
    await interleave(1, sides);
    const { wardkeep, floor, ratio } = await interleave(options.rounds, sides);
    results.push({ name: `audited write, ${concurrency} at a time`, unit: 'contacts/s', wardkeep, floor, score: ratio, reach: { atLeast: 0.8 } });
  }
  return results;
}

let made = 0;

function inventContact(): ContactChanges {
  const nth = (made += 1);
  return {
    givenName: 'Rosalind', middleName: 'Mae', familyName: `Achterberg ${nth}`, birthDate: `19${50 + (nth % 50)}-0${1 + (nth % 9)}-1${nth % 10}`, sex: 'female', language: 'en', status: 'active', preferredChannel: 'phone',
    notes: 'Prefers mornings; brings her daughter.', phones: [{ use: 'mobile', value: `+1857${String(2_000_000 + nth)}` }], emails: [{ use: 'home', value: `rosalind.${nth}@example.com` }],
    addresses: [{ use: 'home', lines: ['40 Alder Street', 'Apt 4'], city: 'Boston', state: 'MA', postalCode: '02118', country: 'US' }], identifiers: [{ system: '2.16.840.1.113883.19.71.2', value: `BENCH-${nth}` }],
  };
}

const INSERT = {
  contact: 'insert into app.contacts (workspace_id, id, owner_id, status, preferred_channel, given_name, middle_name, family_name, birth_date, sex, language, notes) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)',
  points: 'insert into app.contact_points (workspace_id, id, contact_id, kind, use, rank, value) values ($1, $2, $3, $4, $5, 1, $6), ($1, $7, $3, $8, $9, 1, $10)',
  address: 'insert into app.contact_addresses (workspace_id, id, contact_id, use, lines, city, state, postal_code, country) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)',
  identifier: 'insert into app.contact_identifiers (workspace_id, id, contact_id, system, value) values ($1, $2, $3, $4, $5)',
} as const;

async function insertPlain(floor: pg.Pool, { workspaceId, manager }: People, contact: ContactChanges): Promise<void> {
  const id = randomUUID();
  const [phone, email, address, identifier] = [contact.phones?.[0], contact.emails?.[0], contact.addresses?.[0], contact.identifiers?.[0]];
  const client = await floor.connect();
  try {
    await client.query('begin');
    await client.query({ name: 'contact', text: INSERT.contact, values: [workspaceId, id, manager.id, contact.status, contact.preferredChannel, contact.givenName, contact.middleName, contact.familyName, contact.birthDate, contact.sex, contact.language, contact.notes] });
    await client.query({ name: 'points', text: INSERT.points, values: [workspaceId, randomUUID(), id, 'phone', phone?.use, phone?.value, randomUUID(), 'email', email?.use, email?.value] });
    await client.query({ name: 'address', text: INSERT.address, values: [workspaceId, randomUUID(), id, address?.use, address?.lines?.join('\n'), address?.city, address?.state, address?.postalCode, address?.country] });
    await client.query({ name: 'identifier', text: INSERT.identifier, values: [workspaceId, randomUUID(), id, identifier?.system, identifier?.value] });
    await client.query({ name: 'audit', text: AUDIT_INSERT, values: auditRow(workspaceId, 'contact.created', id) });
    await client.query('commit');
  } finally {
    client.release();
  }
}
