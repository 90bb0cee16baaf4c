import { parse as parseCsv } from 'csv-parse/sync';
import { authorize, fault, Fault, parse, record, type Tx } from '../../../core/plugin.ts';
import { agreementForm, draftAgreement } from '../agreements/actions.ts';
import { Agreement, Subprocessor } from '../models.ts';
import { keepersOf, personOf, type Keeper } from '../people.ts';
import { addSubprocessor, subprocessorForm } from '../subprocessors/actions.ts';
import { COLUMNS } from './columns.ts';

export const CSV_BYTES_MAX = 1024 * 1024;
const ROWS_MAX = 2000;

export type ImportOutcome = { readonly subprocessors: number; readonly agreements: number; readonly unchanged: number; readonly refused: readonly { readonly line: number; readonly cells: Readonly<Record<string, string>>; readonly reason: string }[] };
type Line = { readonly line: number; readonly cells: Readonly<Record<string, string>> };

/**
 * Reads a table as writeCsv() makes it (RFC 4180, UTF-8, columns by their headings in any order). Agreements come in as drafts: what is signed,
 * and so opens the way for patients' data, is for a person with the signed document in hand. A line that is not in order is refused with its
 * reason; the others are taken.
 * @throws Fault baa-tracker.import.unreadable
 */
export async function importCsv(tx: Tx, bytes: Uint8Array): Promise<ImportOutcome> {
  authorize(tx, 'baa-tracker.register.import');
  const lines = readLines(bytes);
  const [keepers, person] = [await keepersOf(tx), personOf(tx)];
  const known = new Map((await Subprocessor.query(tx)).map(({ name, id }) => [name.toLowerCase(), id]));
  const [before, refused, counts] = [known.size, [] as ImportOutcome['refused'][number][], { agreements: 0, unchanged: 0 }];
  for (const { line, cells } of lines) {
    try {
      counts[await takeLine(tx, cells, known, keepers, person.id)] += 1;
    } catch (error) {
      if (!(error instanceof Fault) || error.code !== 'request.invalid') throw error;
      refused.push({ line, cells, reason: error.fields.map(({ path, text }) => `${columnOf(path)}: ${text}`).join('; ') });
    }
  }
  const outcome = { subprocessors: known.size - before, ...counts, refused };
  record(tx, { action: 'baa-tracker.register.imported', detail: { lines: lines.length, subprocessors: outcome.subprocessors, agreements: counts.agreements, refused: refused.length } });
  return outcome;
}

/** Everything is checked before anything of the line is written. */
async function takeLine(tx: Tx, cells: Line['cells'], known: Map<string, string>, keepers: readonly Keeper[], importer: string): Promise<'agreements' | 'unchanged'> {
  const subprocessor = parse(subprocessorForm, filled({
    name: cells['subprocessor'], service: cells['service'], purpose: cells['purpose'], phiClass: cells['phi_class'], dataElements: (cells['data_elements'] ?? '').split(/[\s,;]+/).filter(Boolean), location: cells['location'],
    contactName: cells['contact_name'], contactEmail: cells['contact_email'], contactPhone: cells['contact_phone'], isOperator: cells['is_operator'] === 'yes' ? 'yes' : undefined, inUse: cells['in_use'] === 'no' ? 'no' : 'yes',
  }));
  const agreement = cells['agreement_kind'] === '' || cells['agreement_kind'] === undefined ? null : parse(agreementForm, filled({
    kind: cells['agreement_kind'], title: cells['agreement_title'], ourParty: cells['our_party'], theirParty: cells['their_party'], ourSignatory: cells['our_signatory'], theirSignatory: cells['their_signatory'],
    effectiveOn: cells['effective_on'], expiresOn: cells['expires_on'], renewalMonths: cells['renewal_months'], noticeDays: cells['notice_days'], breachNoticeHours: cells['breach_notice_hours'],
    securityIncidentHours: cells['security_incident_hours'], accessRequestDays: cells['access_request_days'], dataReturnDays: cells['data_return_days'], terms: cells['terms'], ownerId: ownerOf(cells['owner'], keepers, importer),
  }));
  if (agreement !== null && agreement.expiresOn !== undefined && agreement.expiresOn < agreement.effectiveOn) throw fault('request.invalid', { fields: [{ path: 'expires_on', text: 'it ends before it begins' }] });
  if (agreement !== null && agreement.renewalMonths !== undefined && agreement.expiresOn === undefined) throw fault('request.invalid', { fields: [{ path: 'expires_on', text: 'what renews itself has a first end' }] });
  const key = subprocessor.name.toLowerCase();
  const isNew = !known.has(key);
  if (isNew) known.set(key, await addSubprocessor(tx, subprocessor));
  const subprocessorId = known.get(key) as string;
  if (agreement === null) return 'unchanged';
  const same = await Agreement.query(tx).where({ subprocessor_id: subprocessorId, kind: agreement.kind, title: agreement.title, effective_on: agreement.effectiveOn }).first();
  if (same !== undefined) return 'unchanged';
  await draftAgreement(tx, subprocessorId, agreement);
  return 'agreements';
}

/** `phiClass` and `dataElements.0` as the file's headings have them. */
function columnOf(path: string): string {
  const [field = ''] = path.split('.');
  return field === 'name' ? 'subprocessor' : ({ kind: 'agreement_kind', title: 'agreement_title' } as Record<string, string>)[field] ?? field.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** By name, as the export writes it; nobody named: whoever imports. */
function ownerOf(name: string | undefined, keepers: readonly Keeper[], importer: string): string {
  if (name === undefined || name === '') return importer;
  const [found, ...more] = keepers.filter((keeper) => keeper.name.toLowerCase() === name.toLowerCase());
  if (found === undefined || more.length > 0) throw fault('request.invalid', { fields: [{ path: 'owner', text: 'is no administrator or security officer here' }] });
  return found.id;
}

function readLines(bytes: Uint8Array): Line[] {
  let records: { record: string[]; info: { lines: number } }[];
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    if (text.includes('\0')) throw new TypeError('no text');
    records = parseCsv(text, { bom: true, info: true, relax_column_count: true, skip_empty_lines: true, trim: true, max_record_size: 100_000, to: ROWS_MAX + 2 }) as unknown as typeof records;
  } catch (cause) {
    throw fault('baa-tracker.import.unreadable', { cause });
  }
  const headings = records[0]?.record.map((heading) => heading.toLowerCase()) ?? [];
  if (!headings.includes('subprocessor') || records.length > ROWS_MAX + 1 || new Set(headings).size !== headings.length) throw fault('baa-tracker.import.unreadable');
  return records.slice(1).map(({ record: cells, info }) => ({
    line: info.lines,
    // Our own export puts an apostrophe before what a spreadsheet would calculate; it is no part of the value.
    cells: Object.fromEntries(headings.flatMap((heading, at) => ((COLUMNS as readonly string[]).includes(heading) ? [[heading, (cells[at] ?? '').replace(/^'(?=[=+\-@\t\r])/, '')]] : []))),
  }));
}

function filled(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && value !== ''));
}
