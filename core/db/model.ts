import { Model, type Constructor, type QueryBuilderType, type QueryContext, type SingleQueryBuilder, type StaticHookArguments, type TransactionOrKnex } from 'objection';
import { phiOf, TAGS_VERSION, type PhiTable } from '../crypto/phi.ts';
import { uuidv7 } from '../crypto/uuid.ts';
import { quoteName } from './quote-name.ts';
import type { Tx } from './scope.ts';

/**
 * Base of every workspace row. `Contact.query(tx)` is the only way in: the workspace id is put on inserts, PHI columns (core/crypto/phi.ts)
 * are sealed on the way to PostgreSQL and opened on the way back, blind-index tags are derived. Without a Tx it throws.
 *
 * A patch of PHI must go through the instance (`row.$query(tx).patch(…)` or `patchRow`), since a value is sealed for its row id.
 * Subclasses `declare` their columns; an initialiser would overwrite columns on unrelated patches.
 */
export class WorkspaceModel extends Model {
  declare id: string;
  declare workspace_id: string;

  static override get idColumn(): string | string[] {
    return 'id';
  }

  // Objection types the argument as Transaction | Knex; ours is the door's Tx, and nothing else is accepted.
  static override query<M extends Model>(this: Constructor<M>, tx?: Tx | TransactionOrKnex): QueryBuilderType<M> {
    return (super.query.call(this, boundKnex(tx)) as QueryBuilderType<M>).context({ tx });
  }

  override $query(tx?: Tx | TransactionOrKnex): SingleQueryBuilder<QueryBuilderType<this>> {
    return super.$query(tx as TransactionOrKnex); // which calls the static query above
  }

  static get phi(): PhiTable | undefined {
    return phiOf(this.tableName);
  }

  override async $beforeInsert(context: QueryContext): Promise<void> {
    const tx = txOf(context);
    this.workspace_id = tx.scope.workspaceId;
    if ((this.constructor as typeof WorkspaceModel).idColumn === 'id') this.id ??= uuidv7(tx.now);
    sealRow(tx, this.constructor as typeof WorkspaceModel, this, this.id, this);
  }

  override async $beforeUpdate(options: { old?: unknown }, context: QueryContext): Promise<void> {
    const model = this.constructor as typeof WorkspaceModel;
    const old = options.old as WorkspaceModel | undefined;
    if (model.phi === undefined || !touchesPhi(model.phi, this)) return;
    if (old?.id === undefined) throw new Error(`A patch of ${model.tableName} that touches PHI must go through the row: its sealed values name the row id.`);
    const whole: Record<string, unknown> = { ...old, ...definedOnly(this) };
    const unseen = (model.phi.index ?? []).flatMap(({ from }) => from).find((column) => whole[column] === undefined);
    if (unseen !== undefined) throw new Error(`A patch of ${model.tableName} that touches PHI must know ${unseen}: select it, or its search tags would be lost.`);
    sealRow(txOf(context), model, this, old.id, whole);
  }

  static override async afterFind(args: StaticHookArguments<WorkspaceModel>): Promise<void> {
    if (this.phi === undefined) return;
    const tx = txOf(args.context as QueryContext);
    for (const row of (args.result ?? []) as unknown[]) if (row instanceof WorkspaceModel) openRow(tx, this, row);
  }

  override async $afterInsert(context: QueryContext): Promise<void> {
    openRow(txOf(context), this.constructor as typeof WorkspaceModel, this);
  }

  override async $afterUpdate(options: { old?: unknown }, context: QueryContext): Promise<void> {
    const old = options.old as WorkspaceModel | undefined;
    if (old?.id !== undefined) openRow(txOf(context), this.constructor as typeof WorkspaceModel, this, old.id);
  }
}

function boundKnex(tx: Tx | TransactionOrKnex | undefined): Tx['knex'] {
  if (tx === undefined || !('scope' in tx) || !('pending' in tx)) throw new Error('A Model is queried with the Tx of withWorkspace, never without.');
  return tx.knex;
}

function txOf(context: QueryContext): Tx {
  return (context as unknown as { tx: Tx }).tx;
}

function touchesPhi(phi: PhiTable, row: object): boolean {
  return phi.columns.some((column) => (row as Record<string, unknown>)[column] !== undefined);
}

function definedOnly(row: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== undefined));
}

/** Replaces PHI values of `row` by sealed text and sets the tags; `whole` is the row as it will be, for tags that need several columns. */
export function sealRow(tx: Tx, model: { tableName: string; phi: PhiTable | undefined }, row: object, rowId: string, whole: object): void {
  const { phi, tableName } = model;
  if (phi === undefined) return;
  const target = row as Record<string, unknown>;
  for (const index of phi.index ?? []) {
    const tags = index.terms(whole as Record<string, unknown>).map((term) => tx.keys.tag(index.domain, term));
    target[index.column] = index.kind === 'many' ? `{${tags.join(',')}}` : (tags[0] ?? null);
    target[TAGS_VERSION] = tx.keys.indexVersion;
  }
  const given = phi.columns.filter((column) => target[column] !== undefined && target[column] !== null);
  if (given.length === 0) return;
  const sealed = tx.keys.sealEach(given.map((column) => {
    const value = target[column];
    return { plaintext: typeof value === 'string' || value instanceof Uint8Array ? value : JSON.stringify(value), place: { table: tableName, column, rowId } };
  }));
  given.forEach((column, nth) => (target[column] = sealed[nth]));
}

/** Opens PHI columns in place. A column the query did not select stays absent. */
export function openRow(tx: Tx, model: { tableName: string; phi: PhiTable | undefined }, row: object, rowId = (row as { id?: string }).id): void {
  const { phi, tableName } = model;
  if (phi === undefined) return;
  const target = row as Record<string, unknown>;
  for (const column of phi.columns) {
    const value = target[column];
    if (typeof value !== 'string') continue;
    if (rowId === undefined) throw new Error(`${tableName}.${column} was selected without its id, so it cannot be opened.`);
    target[column] = tx.keys.open(value, { table: tableName, column, rowId }).toString('utf8');
  }
  for (const index of phi.index ?? []) delete target[index.column];
  delete target[TAGS_VERSION];
}

type ModelTable = { tableName: string; phi: PhiTable | undefined };
/** A row as PostgreSQL stores it: with its workspace, its id, sealed PHI and tags. */
export type SealedRow = Readonly<Record<string, unknown>> & { readonly id: string };

/** A sealed copy of a new row; `row` itself stays plain. */
export function sealNew<R extends { id?: string }>(tx: Tx, model: ModelTable, row: R): SealedRow {
  const id = row.id ?? uuidv7(tx.now);
  const sealed = { ...row, id, workspace_id: tx.scope.workspaceId };
  sealRow(tx, model, sealed, id, row);
  return sealed;
}

/**
 * Sends rows in one INSERT, at once and in the order of the calls: rows that hang on others are sent right behind them, and `Promise.all` waits
 * for one round trip in all. Nothing is read back, unlike `Model.query(tx).insert(…)`.
 */
export async function insertSealed(tx: Tx, model: ModelTable, rows: readonly SealedRow[]): Promise<void> {
  if (rows.length === 0) return;
  const { text, values } = insertStatement(model.tableName, rows);
  const inserted = tx.query(text, values);
  tx.sendAhead(); // while the rows that hang on these are sealed
  await inserted;
}

function insertStatement(table: string, rows: readonly SealedRow[]): { text: string; values: unknown[] } {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row).filter((column) => row[column] !== undefined)))];
  const values: unknown[] = [];
  const lines = rows.map((row) => `(${columns.map((column) => (row[column] === undefined ? 'default' : `$${values.push(row[column])}`)).join(', ')})`);
  return { text: `insert into ${table.split('.').map(quoteName).join('.')} (${columns.map(quoteName).join(', ')}) values ${lines.join(', ')}`, values };
}

export function insertRows<M extends WorkspaceModel>(tx: Tx, model: ModelTable & Constructor<M>, rows: readonly Partial<M>[]): Promise<void> {
  return insertSealed(tx, model, rows.map((row) => sealNew(tx, model, row)));
}
