import { migrateDatabase, openDatabase, refuseUpgrade, withRootKeys } from '../boot.ts';
import { ConfigError, readConfig } from '../config.ts';
import { loadHost } from '../plugins/load-host.ts';
import { EXIT, type Command } from './command.ts';
import { interruptible } from './interruptible.ts';

export const migrateCommand: Command = {
  name: 'migrate',
  summary: 'bring the database schema up to date',
  usage: 'migrate',
  async run({ out }) {
    const config = await withRootKeys(readConfig('production'));
    if (config.database !== null && config.database.ownerUrl === null) throw new ConfigError(['WARDKEEP_DATABASE_OWNER_URL (or _FILE) is needed to migrate an external PostgreSQL']);
    return interruptible(async () => {
      const database = await openDatabase(config);
      try {
        const host = await loadHost(config);
        await refuseUpgrade(database, host, true);
        const applied = await migrateDatabase(config, database, host); // not raced: each migration is whole or not at all
        out.result({ applied }, applied.length === 0 ? 'The schema is up to date.' : `Applied: ${applied.join(', ')}.`);
        return EXIT.done;
      } finally {
        await database.stop();
      }
    });
  },
};
