import type { QueryContext, StaticHookArguments } from 'objection';
import { openRow, WorkspaceModel } from '../../db/model.ts';
import type { Tx } from '../../db/scope.ts';
import { contactGate, gateOf, type ContactGate } from './field-gate.ts';

/** Which field of the API each sealed column of a contact's row belongs to; a row may say it is another's. */
type FieldOfColumn = (row: Readonly<Record<string, unknown>>) => Readonly<Record<string, string>>;

/**
 * Base of the rows that make up a contact. What the actor may not see stays sealed and leaves the row as it is read, so that a page, list or
 * export written tomorrow cannot show it; a patch that would need it to make search tags fails loudly.
 *
 * Actions that write or merge a row need it whole: `.context(UNGATED)`. What they answer with is read again.
 */
export class GatedModel extends WorkspaceModel {
  static fieldOfColumn: FieldOfColumn = () => ({});

  static override async afterFind(args: StaticHookArguments<WorkspaceModel>): Promise<void> {
    const context = args.context as QueryContext & { tx: Tx; isUngated?: true };
    if (context.isUngated !== true) {
      const gate = await contactGate(context.tx);
      for (const row of (args.result ?? []) as unknown[]) if (row instanceof GatedModel) this.hide(gate, row);
    }
    await super.afterFind(args);
  }

  /** Removes columns of hidden fields from a row, sealed or open. */
  static hide({ hidden }: ContactGate, row: object): void {
    if (hidden.size === 0) return;
    const columns = row as Record<string, unknown>;
    for (const [column, field] of Object.entries(this.fieldOfColumn(columns))) if (hidden.has(field)) delete columns[column];
  }

  /** Opens a row that came past the model, as JSON or by plain SQL. @throws Error before contactGate(tx) was asked */
  static openGated(tx: Tx, row: object): void {
    this.hide(gateOf(tx), row);
    openRow(tx, this, row);
  }
}

/** For the few queries that must have a row whole: those that write it. */
export const UNGATED = { isUngated: true } as const;
