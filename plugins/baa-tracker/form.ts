import type { Request, ResponseObject, ResponseToolkit } from '@hapi/hapi';
import { Fault, Joi, type FieldFault } from '../../core/plugin.ts';
import { isDay } from './calendar-days.ts';

/** A posted form as it came; what was left empty is missing. Lists stay lists. */
export type Posted = Readonly<Record<string, string | readonly string[]>>;

export function posted(payload: unknown): Posted {
  const fields = Object.entries((payload ?? {}) as Record<string, unknown>).flatMap(([name, value]): [string, string | string[]][] => {
    if (Array.isArray(value)) return [[name, value.filter((each): each is string => typeof each === 'string')]];
    return typeof value === 'string' && value.trim() !== '' ? [[name, value.replaceAll('\r\n', '\n').trim()]] : [];
  });
  return Object.fromEntries(fields);
}

/** For forms that stand again with what was typed: every field there is, absent ones as ''. */
export function shown(form: Readonly<Record<string, unknown>>, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(names.map((name) => [name, form[name] ?? '']));
}

/** Complaints by field, as sentences. */
export function errorsOf({ fields }: { readonly fields: readonly FieldFault[] }): Record<string, string> {
  const errors: Record<string, string> = {};
  for (const { path, text } of fields) {
    const [name = 'form'] = path.split('.');
    const said = text.startsWith(`${name} `) ? `This ${text.slice(name.length + 1)}` : `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
    errors[name] ??= /[.!?]$/.test(said) ? said : `${said}.`;
  }
  return errors;
}

/** Does the work; a form that is not in order comes back with its complaints beside the fields. */
export async function orAgain(work: () => Promise<ResponseObject>, again: (errors: Record<string, string>) => Promise<ResponseObject>): Promise<ResponseObject> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'request.invalid') throw error;
    return (await again(errorsOf(error))).code(422);
  }
}

export const id = Joi.string().lowercase().pattern(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/).messages({ 'string.pattern.base': 'choose one of the list' });
export const oneId = Joi.object<{ id: string }>({ id: id.required() });
export const day = Joi.string().custom((value: string, helpers) => (isDay(value) && value >= '1990-01-01' && value <= '2100-12-31' ? value : helpers.message({ custom: 'enter a day that exists, as YYYY-MM-DD' })));
// Control characters have no business in a line; in a paragraph only its line ends have.
export const line = (max: number) => Joi.string().max(max).pattern(/^\P{C}+$/u).messages({ 'string.pattern.base': 'this holds characters that cannot be printed' });
export const paragraph = (max: number) => Joi.string().max(max).pattern(/^[\P{C}\n\t]+$/u).messages({ 'string.pattern.base': 'this holds characters that cannot be printed' });
export const codes = (table: Readonly<Record<string, string>>) => Joi.string().valid(...Object.keys(table)).messages({ 'any.only': 'choose one of the list' });
export const ticked = Joi.boolean().truthy('yes').default(false);

/** Of the row that a form was filled from: two who change one at the same time do not overwrite each other unseen. */
export const version = Joi.number().integer().min(1).required();

export type Handler = (request: Request, h: ResponseToolkit) => Promise<ResponseObject>;
/** Asks before a dangerous act, for whoever has no script. */
export type Question = { title: string; text: string; consequences: readonly string[]; action: string; word: string; cancelHref: string; hidden: Readonly<Record<string, string>> };
