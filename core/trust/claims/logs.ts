import { SETTINGS } from '../../db/coverage/expected.ts';
import { probe } from '../../db/probe.ts';
import { claim, verdict } from '../claim.ts';

export const statements = claim({
  id: 'LOG-1',
  title: 'The database logs no statement and no parameter',
  statement: 'PostgreSQL’s settings for the program’s connections keep statements, their parameters and row values out of its log and out of other sessions’ sight.',
  async prove({ app }) {
    const names = Object.keys(SETTINGS);
    const answer = await probe(app.database.appUrl, 'select name, setting from pg_settings');
    const rows = 'rows' in answer ? (answer.rows as { name: string; setting: string }[]) : [];
    const seen = rows.filter(({ name }) => Object.hasOwn(SETTINGS, name));
    const wrong = seen.filter(({ name, setting }) => !(SETTINGS[name] as readonly string[]).includes(setting));
    return verdict(seen.length > 0 && wrong.length === 0, { proved: `${seen.length} settings are as they must be; ${names.length - seen.length} belong to extensions that are not loaded.`, failing: `${wrong.length} settings would let values into a log or view${wrong.length > 0 ? `: ${wrong.map(({ name }) => name).join(', ')}` : ''}.` }, { checked: seen.length, wrong });
  },
});

export const LOG_CLAIMS = [statements] as const;
