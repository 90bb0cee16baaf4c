import Joi from 'joi';
import type { JsonValue } from '../db/scope.ts';
import { fault, type FieldFault } from '../errors.ts';
import { parse } from '../http/refusals.ts';
import type { Plugin, PluginAddress, SettingMeta } from '../plugin.ts';

export type Settings = Readonly<Record<string, unknown>>;

/** One field of a settings form, as templates/partials want it. `question`: a choice that other sections belong to the answers of. */
export type SettingField = {
  readonly name: string; readonly label: string; readonly hint: string | null; readonly kind: 'text' | 'long' | 'secret' | 'number' | 'flag' | 'choice' | 'question' | 'lines';
  readonly value: string; readonly isSet: boolean; readonly optional: boolean; readonly options: readonly SettingOption[]; readonly error: string | null;
};
/** `answer` counts from one. */
export type SettingOption = { readonly value: string; readonly label: string; readonly answer: number; readonly checked: boolean };
/** Fields that belong together. `answer`: of the form's question; null for a section that is always there. */
export type SettingSection = { readonly title: string | null; readonly answer: number | null; readonly addresses: readonly { readonly id: string; readonly label: string; readonly value: string }[]; readonly fields: readonly SettingField[] };

type Described = {
  type?: string; flags?: { label?: string; description?: string; presence?: string; only?: boolean; default?: unknown }; allow?: unknown[]; metas?: SettingMeta[];
  whens?: { then?: { flags?: { presence?: string } } }[];
};

function fieldsOf(plugin: Plugin): [name: string, described: Described][] {
  return Object.entries((plugin.settings?.describe() as { keys?: Record<string, Described> } | undefined)?.keys ?? {});
}

const metaOf = ({ metas = [] }: Described): SettingMeta => Object.assign({}, ...metas) as SettingMeta;
const isSecret = (described: Described): boolean => metaOf(described).secret === true;

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
export function settingSections(plugin: Plugin, stored: Settings | null, values: Settings, errors: Readonly<Record<string, string>>, addresses: readonly PluginAddress[]): SettingSection[] {
  const all = fieldsOf(plugin);
  const questions = new Set(all.flatMap(([, described]) => metaOf(described).when?.setting ?? []));
  const answerOf = ({ when }: SettingMeta): number | null => {
    const question = all.find(([name]) => name === when?.setting)?.[1];
    return when === undefined || question === undefined ? null : choicesOf(question).indexOf(when.is) + 1;
  };
  const sections: (SettingSection & { fields: SettingField[] })[] = [];
  for (const [name, described] of all) {
    const meta = metaOf(described);
    const title = meta.section ?? null;
    let section = sections.find((each) => each.title === title && each.answer === answerOf(meta));
    if (section === undefined) {
      section = { title, answer: answerOf(meta), addresses: addresses.filter((each) => each.section === title).map(({ label, value }, at) => ({ id: `a-${sections.length}-${at}`, label, value })), fields: [] };
      sections.push(section);
    }
    section.fields.push(fieldOf(name, described, stored, values, errors[name] ?? null, questions.has(name)));
  }
  return sections;
}

const choicesOf = ({ allow = [] }: Described): string[] => allow.filter((each) => typeof each === 'string');

function fieldOf(name: string, described: Described, stored: Settings | null, values: Settings, error: string | null, isQuestion: boolean): SettingField {
  const { flags = {}, whens = [] } = described;
  const kind = isQuestion ? 'question' : kindOf(described);
  const value = values[name] ?? (kind === 'flag' ? undefined : flags.default);
  const words = metaOf(described).words ?? {};
  const choices = kind === 'choice' || kind === 'question' ? choicesOf(described) : [];
  const chosen = isQuestion && !choices.includes(value as string) ? choices[0] : value;
  const hasDefault = flags.default !== undefined && !(Array.isArray(flags.default) && flags.default.length === 0);
  return {
    name, kind, error, label: flags.label ?? name, hint: flags.description ?? null,
    value: kind === 'secret' ? '' : Array.isArray(value) ? value.join('\n') : String(value ?? ''),
    isSet: kind === 'flag' ? value === true || value === 'yes' : stored?.[name] !== undefined,
    // What is asked for under a condition says so itself; it is not left out at will.
    optional: flags.presence !== 'required' && !hasDefault && !whens.some(({ then }) => then?.flags?.presence === 'required'),
    options: choices.map((each, at) => ({ value: each, label: words[each] ?? each, answer: at + 1, checked: each === chosen })),
  };
}

function kindOf(described: Described): SettingField['kind'] {
  if (isSecret(described)) return 'secret';
  if (described.type === 'boolean') return 'flag';
  if (described.type === 'number') return 'number';
  if (described.type === 'array') return 'lines';
  if (metaOf(described).long === true) return 'long';
  return described.flags?.only === true ? 'choice' : 'text';
}
