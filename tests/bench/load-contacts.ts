import type pg from 'pg';
import type { App } from '../../core/app.ts';
import { record } from '../../core/audit/record.ts';
import { uuidv7 } from '../../core/crypto/uuid.ts';
import { sealRow } from '../../core/db/model.ts';
import { systemScope, type Tx } from '../../core/db/scope.ts';
import { makeHousehold, type Demographics } from '../../core/demo/demographics.ts';
import { PhoneBook, practiceProfile } from '../../core/demo/places.ts';
import { Random } from '../../core/demo/random.ts';
import { Contact, ContactAddress, ContactIdentifier, ContactPoint } from '../../core/practice/contacts/model.ts';
import type { People } from '../support/people.ts';

const BATCH = 1000;
const LANES = 2;
const TODAY = '2026-01-15';

/** The same contacts twice: sealed and tagged as the program does it (its own sealRow, its triggers, one audit entry a batch), and in the clear. */
export async function loadContacts(app: App, people: People, floor: pg.Pool, count: number): Promise<void> {
  const batches = inBatches(inventPeople(count));
  const lane = async () => {
    for (const batch of batches) {
      const rows = batch.map(({ person, index }) => rowsOf(people, person, index));
      await Promise.all([insertPlain(floor, people.workspaceId, rows), insertSealed(app, people.workspaceId, rows)]);
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
}

type Invented = { person: Demographics; index: number };

/** The demo's households; phones and e-mails are numbered through, since the demo's own few hundred would be shared by all. */
function* inventPeople(count: number): Generator<Invented> {
  const random = new Random('bench');
  const profile = practiceProfile('harbor');
  const phones = new PhoneBook(random.fork('phones'), profile);
  for (let house = 0, index = 0; index < count; house++) {
    for (const person of makeHousehold(random.fork(`house ${house}`), profile, phones, TODAY)) if (index < count) yield { person, index: index++ };
  }
}

function* inBatches<T>(items: Iterable<T>): Generator<T[]> {
  const batch: T[] = [];
  for (const item of items) {
    batch.push(item);
    if (batch.length === BATCH) yield batch.splice(0);
  }
  if (batch.length > 0) yield batch;
}

type ContactRows = Readonly<Record<'contacts' | 'contact_points' | 'contact_addresses' | 'contact_identifiers', readonly (Record<string, unknown> & { id: string })[]>>;

function rowsOf({ agent, manager }: People, { name, sex, gender, birthDate, address, language, channel, phones, emails }: Demographics, index: number): ContactRows {
  const id = uuidv7();
  const part = () => ({ id: uuidv7(), contact_id: id });
  const phone = `+1617${String(2_000_000 + index)}`;
  return {
    contacts: [{
      id, owner_id: index % 2 === 0 ? agent.id : manager.id, status: 'active', preferred_channel: channel, given_name: name.given, middle_name: name.middle, family_name: name.family,
      name_suffix: name.suffix, preferred_name: name.preferred, birth_date: birthDate, sex, gender_identity: gender, language,
    }],
    contact_points: [
      ...phones.slice(0, 1).map(({ use }) => ({ ...part(), kind: 'phone', use, rank: 1, value: phone })),
      ...emails.slice(0, 1).map(({ use, value }) => ({ ...part(), kind: 'email', use, rank: 1, value: value.replace('@', `.${index}@`) })),
    ],
    contact_addresses: [{ ...part(), use: 'home', lines: [address.line1, address.line2].filter(Boolean).join('\n'), city: address.city, state: address.state, postal_code: address.postalCode, country: address.country }],
    contact_identifiers: [{ ...part(), system: practiceProfile('harbor').oid, value: `HAR-${1_000_000 + index}` }],
  };
}

const MODELS = [Contact, ContactPoint, ContactAddress, ContactIdentifier];
const TABLES = ['contacts', 'contact_points', 'contact_addresses', 'contact_identifiers'] as const;

async function insertSealed(app: App, workspaceId: string, batch: readonly ContactRows[]): Promise<void> {
  await app.withWorkspace(systemScope(workspaceId, 'bench'), async (tx) => {
    await Promise.all(MODELS.map((model) => {
      const rows = batch.flatMap((each) => each[model.tableName as keyof ContactRows]).map((row) => sealed(tx, model, row));
      return tx.knex.raw(insertOf(model.tableName, columnsOf(rows), '?'), [JSON.stringify(rows)]).then(() => undefined);
    }));
    record(tx, { action: 'bench.loaded', detail: { contacts: batch.length } });
  });
}

function sealed(tx: Tx, model: (typeof MODELS)[number], plain: Record<string, unknown> & { id: string }): Record<string, unknown> {
  const row = { ...plain, workspace_id: tx.scope.workspaceId };
  sealRow(tx, model, row, plain.id, plain);
  return row;
}

async function insertPlain(floor: pg.Pool, workspaceId: string, batch: readonly ContactRows[]): Promise<void> {
  const client = await floor.connect();
  try {
    await client.query('begin');
    for (const table of TABLES) {
      const rows = batch.flatMap((each) => each[table]).map((row) => ({ ...row, workspace_id: workspaceId }));
      await client.query(insertOf(table, columnsOf(rows), '$1'), [JSON.stringify(rows)]);
    }
    await client.query('commit');
  } finally {
    client.release();
  }
}

const columnsOf = (rows: readonly object[]): string[] => [...new Set(rows.flatMap((row) => Object.keys(row)))];

/** Rows as one JSON parameter: a batch is one statement whatever its size. Columns not named keep their defaults. */
function insertOf(table: string, columns: readonly string[], parameter: string): string {
  const names = columns.map((column) => `"${column}"`).join(', ');
  return `insert into app.${table} (${names}) select ${names} from json_populate_recordset(null::app.${table}, ${parameter}::json)`;
}
