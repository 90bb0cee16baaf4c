import { Joi, authorize, contactGate, fault, nameOnRecord, parse, record, type ContactProperty, type Tx } from '../../../core/plugin.ts';
import { Property } from '../models.ts';

const TYPES = ['text', 'number', 'date', 'boolean', 'choice'] as const;
const PROPERTIES_MAX = 50;

type Given = { name: string; label: string; type: ContactProperty['type']; choices: string; isIndexed?: 'yes'; isListed?: 'yes' };
const given = Joi.object<Given>({
  name: Joi.string().trim().pattern(/^[a-z][a-z0-9_]{0,39}$/).required(),
  label: Joi.string().trim().max(60).required(),
  type: Joi.string().valid(...TYPES).required(),
  choices: Joi.when('type', { is: 'choice', then: Joi.string().trim().max(2000).required(), otherwise: Joi.string().valid('').default('') }),
  isIndexed: Joi.string().valid('yes'),
  isListed: Joi.string().valid('yes'),
});

/**
 * Adds a property to the contacts of the workspace. Its type and whether it is searched for stay as they are: stored values were sealed for them.
 * @throws Fault request.invalid · field-gates.property.taken · field-gates.property.too_many
 */
export async function addProperty(tx: Tx, form: unknown): Promise<void> {
  authorize(tx, 'field-gates.rule.manage');
  const { name, label, type, choices, isIndexed, isListed } = parse(given, form);
  const options = [...new Set(choices.split('\n').map((line) => line.trim()).filter(Boolean))];
  const known = await Property.query(tx).select('name', 'is_retired');
  if (known.some((property) => property.name === name)) throw fault('field-gates.property.taken');
  if (known.filter(({ is_retired }) => !is_retired).length >= PROPERTIES_MAX) throw fault('field-gates.property.too_many');
  const row = await Property.query(tx).insert({ name, label, type, choices: options, is_indexed: isIndexed === 'yes', is_listed: isListed === 'yes', is_retired: false, created_at: new Date(tx.now) });
  record(tx, { action: 'field-gates.property.added', target: { type: 'contact_property', id: row.id }, detail: { type, isIndexed: isIndexed === 'yes' } });
}

/** Puts a property into lists of contacts, under the name, or takes it out of them. @throws Fault field-gates.property.not_found */
export async function listProperty(tx: Tx, id: string, isListed: boolean): Promise<void> {
  authorize(tx, 'field-gates.rule.manage');
  const property = await Property.query(tx).findById(id);
  if (property === undefined || property.is_listed === isListed) throw fault('field-gates.property.not_found');
  await property.$query(tx).patch({ is_listed: isListed });
  record(tx, { action: 'field-gates.property.listed', target: { type: 'contact_property', id }, detail: { field: nameOnRecord(tx, await contactGate(tx), `custom.${property.name}`), isListed } });
}

/** Takes a property off every form, page and answer; what stands in it is kept, sealed. @throws Fault field-gates.property.not_found */
export async function retireProperty(tx: Tx, id: string, isRetired: boolean): Promise<void> {
  authorize(tx, 'field-gates.rule.manage');
  const property = await Property.query(tx).findById(id);
  if (property === undefined || property.is_retired === isRetired) throw fault('field-gates.property.not_found');
  await property.$query(tx).patch({ is_retired: isRetired });
  record(tx, { action: isRetired ? 'field-gates.property.retired' : 'field-gates.property.restored', target: { type: 'contact_property', id }, detail: { field: nameOnRecord(tx, await contactGate(tx), `custom.${property.name}`) } });
}
