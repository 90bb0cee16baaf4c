import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { boot } from '../boot.ts';
import { ConfigError, readConfig } from '../config.ts';
import { createLog } from '../log.ts';
import { createSetupLink } from '../workspaces/setup/setup-link.ts';
import { serve as listen, untilAskedToStop } from '../serve.ts';
import { EXIT, type Command } from './command.ts';

export const serve: Command = {
  name: 'serve',
  summary: 'run the appliance under production rules',
  usage: 'serve',
  async run({ out }) {
    const config = readConfig('production');
    if (existsSync(join(config.dataDir, 'demo.json'))) throw new ConfigError([`the data folder ${config.dataDir} holds a demo; set WARDKEEP_DATA_DIR to another one`]);
    const asked = untilAskedToStop(createLog(config.logLevel)); // from here on: a signal while the database is starting must not leave it running alone
    const booted = await boot(config);
    try {
      const serving = await listen(booted.app, booted.urls.jobsUrl, booted.host);
      try {
        const { url, caFile } = serving;
        const setup = await createSetupLink(booted.app);
        out.result({ url, caFile, setup }, [
          `Wardkeep answers on ${url}`,
          ...(caFile === null ? [] : [`Its certificate comes from a local authority; have browsers trust ${caFile}`]),
          ...(setup === null ? [] : [`\nThis installation is empty. Make its first workspace and administrator here, once, until ${setup.expiresAt.toISOString()}:\n${setup.url}\n`]),
        ].join('\n'));
        const ending = await Promise.race([asked, booted.databaseGone]); // whoever runs us starts us again, and it with us
        out.say('Stopping.');
        return ending === 'failed' ? EXIT.checkFailed : EXIT.done;
      } finally {
        await serving.stop();
      }
    } finally {
      await booted.close();
    }
  },
};
