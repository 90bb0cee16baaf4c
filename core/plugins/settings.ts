import Joi from 'joi';
import type { JsonValue } from '../db/scope.ts';
import { fault, type FieldFault } from '../errors.ts';
import { parse } from '../http/refusals.ts';
import type { Plugin } from '../plugin.ts';

export type Settings = Readonly<Record<string, unknown>>;

/** One field of a settings form, as templates/partials want it. */
export type SettingField = {
  readonly name: string; readonly label: string; readonly hint: string | null; readonly kind: 'text' | 'secret' | 'number' | 'flag' | 'choice' | 'lines';
  readonly value: string; readonly isSet: boolean; readonly optional: boolean; readonly options: readonly { value: string; label: string }[]; readonly error: string | null;
};

type Described = { type?: string; flags?: { label?: string; description?: string; presence?: string; only?: boolean }; allow?: unknown[]; metas?: { secret?: boolean }[] };

function fieldsOf(plugin: Plugin): [name: string, described: Described][] {
  return Object.entries((plugin.settings?.describe() as { keys?: Record<string, Described> } | undefined)?.keys ?? {});
}

const isSecret = ({ metas = [] }: Described): boolean => metas.some((meta) => meta.secret === true);

/**
 * A form's fields as settings: a flag that is absent is off, lines are a list, an empty field is no field, and an empty secret is the one stored.
 * @throws Fault request.invalid with one entry per field
 */
export function readSettings(plugin: Plugin, form: Readonly<Record<string, unknown>>, before: Settings | null): Settings {
  const raw: Record<string, unknown> = {};
  for (const [name, described] of fieldsOf(plugin)) {
    const given = form[name];
    if (described.type === 'boolean') raw[name] = given === true || given === 'yes';
    else if (described.type === 'array') raw[name] = Array.isArray(given) ? given : String(given ?? '').split('\n').map((line) => line.trim()).filter((line) => line !== '');
    else if (given !== undefined && given !== '') raw[name] = given;
    else if (isSecret(described) && before?.[name] !== undefined) raw[name] = before[name];
  }
  const unknown = Object.keys(form).filter((name) => !fieldsOf(plugin).some(([known]) => known === name));
  if (unknown.length > 0) throw fault('request.invalid', { fields: unknown.map((path): FieldFault => ({ path, text: 'is no setting of this plugin' })) });
  return parse((plugin.settings ?? Joi.object({})) as Joi.Schema<Settings>, raw);
}

/** What changed, for the audit: secrets by name alone. */
export function diffSettings(plugin: Plugin, before: Settings | null, after: Settings): { [name: string]: JsonValue } {
  const changes: Record<string, JsonValue> = {};
  for (const [name, described] of fieldsOf(plugin)) {
    const [from, to] = [before?.[name] ?? null, after[name] ?? null] as [JsonValue, JsonValue];
    if (JSON.stringify(from) === JSON.stringify(to)) continue;
    changes[name] = isSecret(described) ? 'changed' : { from, to };
  }
  return changes;
}

/** The form; `values` is what was just sent, or what is stored. A secret never comes back, only that there is one. */
export function settingFields(plugin: Plugin, stored: Settings | null, values: Readonly<Record<string, unknown>>, errors: Readonly<Record<string, string>>): SettingField[] {
  return fieldsOf(plugin).map(([name, described]) => {
    const kind = kindOf(described);
    const value = values[name];
    return {
      name, kind, label: described.flags?.label ?? name, hint: described.flags?.description ?? null, error: errors[name] ?? null,
      value: kind === 'secret' ? '' : Array.isArray(value) ? value.join('\n') : String(value ?? ''),
      isSet: kind === 'flag' ? value === true || value === 'yes' : stored?.[name] !== undefined,
      optional: described.flags?.presence !== 'required', options: kind === 'choice' ? (described.allow ?? []).filter((each) => typeof each === 'string').map((each) => ({ value: each as string, label: each as string })) : [],
    };
  });
}

function kindOf(described: Described): SettingField['kind'] {
  if (isSecret(described)) return 'secret';
  if (described.type === 'boolean') return 'flag';
  if (described.type === 'number') return 'number';
  if (described.type === 'array') return 'lines';
  return described.flags?.only === true ? 'choice' : 'text';
}
