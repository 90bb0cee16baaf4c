import Joi from 'joi';
import { EVENTS, type Question } from '../hooks.ts';
import { ICON_NAMES } from '../http/icons.ts';
import { CAPABILITIES } from '../access/capabilities.ts';
import { isCrontab } from '../jobs/crontab.ts';
import { CONTRACT, type Plugin } from '../plugin.ts';
import { snakeName } from './loaded-plugin.ts';
import { PluginError } from './plugin-error.ts';

/** By name, so that the compiler asks for each question there is. */
const QUESTIONS: Readonly<Record<Question, true>> = { subprocessorAgreement: true, incidentObligations: true, contactFields: true, signInMethods: true, signInPolicy: true, signOut: true, contactPanel: true, dashboardCard: true };
const ROLES = ['ADMIN', 'MANAGER', 'AGENT', 'READONLY'] as const;
const NAME = /^[a-z]+(-[a-z]+)*$/;
const RESERVED = ['plugins', 'core', 'admin', 'system', 'layouts', 'partials', 'pages', 'mail'];

const text = (max: number) => Joi.string().trim().max(max).required();
const list = (items: Joi.Schema) => Joi.array().items(items);
const functions = (names: readonly string[]) => Joi.object(Object.fromEntries(names.map((name) => [name, Joi.function()])));
const named = (pattern: RegExp, value: Joi.Schema) => Joi.object().pattern(pattern, value);

/** What a definition must look like when its name is `name`: everything it declares begins with that name. */
function definitionSchema(name: string): Joi.ObjectSchema {
  const noun = new RegExp(`^${name}\\.[a-z][a-z_]*\\.[a-z][a-z_]*$`);
  const snake = snakeName(name);
  const tableName = new RegExp(`^${snake}_[a-z][a-z_]*$`);
  const capability = Joi.string().pattern(noun);
  return Joi.object({
    contract: Joi.number().required(), name: text(40).pattern(NAME).invalid(...RESERVED), version: text(40).pattern(/^\d+\.\d+\.\d+(-[\w.]+)?$/), title: text(60), summary: text(300),
    tier: Joi.valid('free', 'pro', 'enterprise').required(), phi: Joi.valid('none', 'transit', 'store').required(),
    subprocessors: list(Joi.object({ name: text(120), purpose: text(200), location: text(120) })).unique('name').required(),
    addresses: Joi.function(),
    settings: Joi.object().custom((value: unknown) => { if (!Joi.isSchema(value)) throw new Error('is no Joi schema'); return value; }),
    capabilities: named(noun, Joi.object({ roles: list(Joi.valid(...ROLES)).required(), designations: list(Joi.valid('SECURITY_OFFICER')), stepUp: Joi.valid(true) })),
    auditActions: list(Joi.string().pattern(noun)).unique(),
    faults: named(noun, Joi.array().ordered(Joi.number().integer().min(400).max(599).required(), Joi.string().max(200).required()).length(2)),
    tables: named(tableName, Joi.object({ sealed: list(Joi.string()), index: Joi.array(), plain: Joi.object().pattern(Joi.string(), Joi.string()), unaudited: Joi.string() })),
    claims: list(Joi.object({ id: text(20).pattern(/^[A-Z]+-\d+$/), title: text(120), statement: text(400), prove: Joi.function().required() })).unique('id'),
    jobs: list(Joi.object({ name: Joi.string().pattern(new RegExp(`^${snake}\\.[a-z][a-z_]*$`)).required(), input: Joi.object().required(), schedule: Joi.string(), run: Joi.function().required() })).unique('name'),
    nav: list(Joi.object({ place: Joi.valid('main', 'admin').required(), label: text(40), path: Joi.string().pattern(/^\//).required(), icon: Joi.valid(...ICON_NAMES), capability: Joi.alternatives(Joi.valid(...Object.keys(CAPABILITIES)), capability).required() })),
    answers: functions(Object.keys(QUESTIONS)), listens: functions(Object.keys(EVENTS)), api: Joi.array(),
    register: Joi.function(), onEnable: Joi.function(), onDisable: Joi.function(), onChange: Joi.function(), health: Joi.function(), test: Joi.function(),
    demo: Joi.object({ settings: Joi.function().required(), seed: Joi.function() }),
  });
}

/** @throws PluginError naming the first thing that is wrong; `folderName` is what the plugin must be called */
export function checkDefinition(given: unknown, folderName: string): Plugin {
  if (typeof given !== 'object' || given === null) throw new PluginError(folderName, 'its index.ts has no default export made by definePlugin().');
  const { name, contract } = given as { name?: unknown; contract?: unknown };
  if (name !== folderName) throw new PluginError(folderName, `it calls itself ${JSON.stringify(name)}; folder and name must be the same.`);
  if (contract !== CONTRACT) throw new PluginError(folderName, `it is written for contract ${JSON.stringify(contract)} and this program offers ${CONTRACT}. Install the version made for this program.`);
  const { error } = definitionSchema(folderName).validate(given, { abortEarly: true, convert: false });
  if (error !== undefined) throw new PluginError(folderName, `${error.details[0]?.message.replaceAll('"', '')}.`);
  const plugin = given as Plugin;
  for (const { name: job, schedule, input } of plugin.jobs ?? []) {
    if (schedule === undefined) continue;
    if (Object.keys(input).length > 0) throw new PluginError(folderName, `${job} runs by the clock, which hands it no input.`);
    if (!isCrontab(schedule)) throw new PluginError(folderName, `${job} has the schedule ${JSON.stringify(schedule)}, which is no crontab(5) line.`);
  }
  if (plugin.phi === 'none' && Object.values(plugin.tables ?? {}).some(({ index }) => index !== undefined)) throw new PluginError(folderName, 'it keeps a blind index of patients\' data and says phi: none.');
  return plugin;
}

/** @throws PluginError when two plugins would claim the same tables or claims */
export function checkTogether(plugins: readonly Plugin[]): void {
  const ids = new Map<string, string>();
  for (const plugin of plugins) {
    const other = plugins.find(({ name }) => name !== plugin.name && name.startsWith(`${plugin.name}-`));
    if (other !== undefined) throw new PluginError(other.name, `its name begins with that of ${plugin.name}, so their tables could not be told apart.`);
    if (plugins.filter(({ name }) => name === plugin.name).length > 1) throw new PluginError(plugin.name, 'there are two of this name.');
    for (const { id } of plugin.claims ?? []) {
      if (ids.has(id)) throw new PluginError(plugin.name, `its claim ${id} is one of ${ids.get(id)} already.`);
      ids.set(id, plugin.name);
    }
  }
}
