import { SETTINGS } from '../../db/coverage/expected.ts';
import { probe } from '../../db/probe.ts';
import { claim, verdict } from '../claim.ts';

export const statements = claim({
  id: 'LOG-1',
  title: 'The database logs no statement and no parameter',
  statement: 'PostgreSQL’s settings for the program’s connections keep statements, their parameters and row values out of its log and out of other sessions’ sight.',
  async prove({ app }) {
    const names = Object.keys(SETTINGS);
    const { appUrl, jobsUrl } = app.database;
    const seen = await Promise.all([appUrl, jobsUrl].map((url) => settingsOn(url, names)));
    const wrong = seen.flat().filter(({ name, setting }) => !(SETTINGS[name] as readonly string[]).includes(setting));
    const checked = Math.min(...seen.map(({ length }) => length));
    return verdict(checked > 0 && wrong.length === 0, { proved: `${checked} settings are as they must be for both roles; ${names.length - checked} belong to extensions that are not loaded.`, failing: `${wrong.length} settings would let values into a log or view${wrong.length > 0 ? `: ${wrong.map(({ name }) => name).join(', ')}` : ''}.` }, { checked, wrong });
  },
});

type Setting = { readonly role: string; readonly name: string; readonly setting: string };

async function settingsOn(url: string, names: readonly string[]): Promise<Setting[]> {
  const answer = await probe(url, 'select current_user as role, name, setting from pg_settings');
  return 'rows' in answer ? (answer.rows as Setting[]).filter(({ name }) => names.includes(name)) : [];
}

export const LOG_CLAIMS = [statements] as const;
