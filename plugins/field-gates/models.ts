import { WorkspaceModel, type ContactProperty, type PluginTable, type Role } from '../../core/plugin.ts';

export class Rule extends WorkspaceModel {
  static override tableName = 'field_gates_rules';
  declare field: string;
  declare readers: Role[];
  declare writers: Role[];
  declare changed_at: Date;
}

export class Property extends WorkspaceModel {
  static override tableName = 'field_gates_properties';
  /** Without `custom.` before it. */
  declare name: string;
  declare label: string;
  declare type: ContactProperty['type'];
  declare choices: string[];
  declare is_indexed: boolean;
  declare is_listed: boolean;
  declare is_retired: boolean;
  declare created_at: Date;
}

export const TABLES: Readonly<Record<string, PluginTable>> = {
  field_gates_rules: { plain: { field: 'the name of a field', readers: 'roles', writers: 'roles' } },
  field_gates_properties: { plain: { name: 'what the practice calls a property, as a name', label: 'what the practice calls a property', choices: 'values the practice offers for any patient' } },
};
