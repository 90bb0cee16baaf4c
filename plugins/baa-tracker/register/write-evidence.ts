import { createHash, type Hash } from 'node:crypto';
import { Readable, Transform } from 'node:stream';
import { finished } from 'node:stream/promises';
import type { ZipFile } from 'yazl';
import { authorize, record, type PluginDeps, type Scope, type SignedStatement } from '../../../core/plugin.ts';
import { addMonths } from '../calendar-days.ts';
import { readBytes } from '../documents/actions.ts';
import { Agreement, AgreementDocument, Notice, Reminder, Review, Transition } from '../models.ts';
import { readRegister, type Register } from './read-register.ts';
import { registerRows, writeCsv } from './write-csv.ts';
import { writePdf } from './write-pdf.ts';

/** What an auditor is handed. manifest.json lists every other file with its SHA-256 and is signed; docs/baa-tracker.md says how to verify it with openssl and sha256sum. */
export type Manifest = {
  readonly format: 'wardkeep-agreement-evidence-v1';
  readonly workspace: string;
  readonly madeAt: string;
  readonly madeBy: string;
  readonly auditFrom: string;
  readonly files: readonly { readonly path: string; readonly bytes: number; readonly sha256: string }[];
};
export type SignedManifest = SignedStatement & { readonly format: 'ed25519'; readonly message: string };

const AUDIT_MONTHS = 12;
const DATE = new Date('1980-01-01T00:00:00Z'); // ZIP's own first day: the manifest says when, not the archive's entries

/**
 * Documents, register and an audit bundle with its proofs, in one ZIP. The audit bundle is asked for first: who may not export the log, or
 * whose log is not sound, gets no archive. Nothing is held whole but one document at a time.
 * @throws Fault access.denied · access.step_up_required · audit.not_sound
 */
export async function writeEvidence(deps: PluginDeps, scope: Scope): Promise<Readable> {
  const facts = await deps.withWorkspace(scope, async (tx) => {
    authorize(tx, 'baa-tracker.register.export');
    const { name } = (await tx.knex('app.workspaces').where({ workspace_id: scope.workspaceId }).first('name')) as { name: string };
    const register = await readRegister(tx);
    const [documents, history] = [await AgreementDocument.query(tx).orderBy(['agreement_id', 'number']), await readHistory(tx)];
    record(tx, { action: 'baa-tracker.register.exported', detail: { format: 'evidence', documents: documents.length } });
    return { name, register, documents, history, madeBy: scope.actor.name ?? '', madeAt: new Date(tx.now).toISOString() };
  });
  const auditFrom = addMonths(facts.register.today, -AUDIT_MONTHS);
  const audit = await deps.exportAudit(scope, { from: auditFrom });
  const { default: yazl } = await import('yazl');
  const zip = new yazl.ZipFile();
  const files: Manifest['files'][number][] = [];
  const add = (path: string, bytes: Buffer): void => {
    zip.addBuffer(bytes, path, { mtime: DATE, compress: !path.endsWith('.pdf') });
    files.push({ path, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') });
  };
  const fill = async (): Promise<void> => {
    const { register, name, madeBy, madeAt, documents, history } = facts;
    add('register.csv', Buffer.from(writeCsv(registerRows(register)), 'utf8'));
    add('register.pdf', await writePdf(register, { workspace: name, madeBy }));
    add('history.json', Buffer.from(`${JSON.stringify(history, null, 2)}\n`, 'utf8'));
    for (const document of documents) {
      const bytes = await deps.withWorkspace(scope, async (tx) => { authorize(tx, 'baa-tracker.document.open', { type: 'document', id: document.id }); return readBytes(tx, document); });
      add(documentPath(register, document), bytes);
    }
    files.push(await addStream(zip, 'audit.ndjson', audit));
    const manifest: Manifest = { format: 'wardkeep-agreement-evidence-v1', workspace: scope.workspaceId, madeAt, madeBy, auditFrom, files };
    const bytes = Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`, 'utf8');
    const signed: SignedManifest = { format: 'ed25519', message: 'wardkeep-plugin-statement-v1\\nbaa-tracker\\n and the bytes of manifest.json', ...deps.sign(bytes) };
    zip.addBuffer(bytes, 'manifest.json', { mtime: DATE });
    zip.addBuffer(Buffer.from(`${JSON.stringify(signed, null, 2)}\n`, 'utf8'), 'manifest.signature.json', { mtime: DATE });
    zip.addBuffer(Buffer.from(files.map(({ path, sha256 }) => `${sha256}  ${path}\n`).join(''), 'utf8'), 'SHA256SUMS', { mtime: DATE });
    zip.end();
  };
  const out = zip.outputStream as Readable;
  fill().catch((error: Error) => out.destroy(error));
  return out;
}

/** Who moved what when, who was told, who reviewed: the register's own memory, beside the audit log that proves it. */
async function readHistory(tx: Parameters<typeof readRegister>[0]): Promise<object> {
  const [agreements, transitions, reminders, notices, reviews] = await Promise.all([Agreement.query(tx).orderBy('id'), Transition.query(tx).orderBy(['at', 'agreement_id', 'number']), Reminder.query(tx).orderBy(['made_at', 'id']), Notice.query(tx).orderBy(['received_on', 'id']), Review.query(tx).orderBy(['signed_at', 'id'])]);
  return { agreements: agreements.map(({ id, title, status }) => ({ id, title, status })), transitions, reminders, notices, reviews };
}

function documentPath({ agreements, subprocessors }: Register, { agreement_id, number, kind }: AgreementDocument): string {
  const agreement = agreements.find(({ id }) => id === agreement_id);
  const name = subprocessors.find(({ id }) => id === agreement?.subprocessor_id)?.name ?? '';
  // Names are typed by people: nothing of them may step out of the folder it is unpacked to.
  return `documents/${name.normalize('NFKD').replaceAll(/[^A-Za-z0-9]+/g, '-').replaceAll(/^-|-$/g, '').slice(0, 60) || 'agreement'}-${agreement_id.slice(0, 8)}/${number}-${kind}.pdf`;
}

async function addStream(zip: ZipFile, path: string, pieces: AsyncIterable<Uint8Array>): Promise<Manifest['files'][number]> {
  const hash = createHash('sha256');
  const counted = new Counter(hash);
  zip.addReadStream(Readable.from(pieces, { objectMode: false }).on('error', (error) => counted.destroy(error)).pipe(counted), path, { mtime: DATE });
  await finished(counted);
  return { path, bytes: counted.bytes, sha256: hash.digest('hex') };
}

class Counter extends Transform {
  readonly #hash: Hash;
  bytes = 0;

  constructor(hash: Hash) {
    super();
    this.#hash = hash;
  }

  override _transform(piece: Buffer, _encoding: string, done: (error: null, piece: Buffer) => void): void {
    this.#hash.update(piece);
    this.bytes += piece.length;
    done(null, piece);
  }
}
