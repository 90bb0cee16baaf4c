import { openApp } from '../app.ts';
import { openDatabase, rolesOf, withRootKeys } from '../boot.ts';
import { readConfig, redactConfig } from '../config.ts';
import { checkCatalog } from '../db/coverage/check-catalog.ts';
import { jobHealth } from '../jobs/job-health.ts';
import { createLog } from '../log.ts';
import { putAside } from '../packed/program-folder.ts';
import { EXIT, type Command } from './command.ts';
import { interruptible } from './interruptible.ts';

type Check = { name: string; ok: boolean; findings: string[] };

/** Looks, changes nothing, and says in one page what stands between this installation and a clean bill. */
export const doctor: Command = {
  name: 'doctor',
  summary: 'check configuration, database, keys and jobs',
  usage: 'doctor [--json]',
  run: ({ out }) => interruptible(async () => {
    const config = await withRootKeys(readConfig('production'));
    const checks: Check[] = [{ name: 'configuration', ok: true, findings: [] }, { name: 'root keys', ok: true, findings: [] }];
    const database = await openDatabase(config);
    try {
      const findings = await checkCatalog(database.appUrl, { roles: rolesOf(database) });
      checks.push({ name: 'database catalog', ok: findings.length === 0, findings: findings.map(({ object, text, remedy }) => `${object} ${text}. ${remedy}`) });
      const app = await openApp({ config, log: createLog('silent'), appUrl: database.appUrl, jobsUrl: database.jobsUrl });
      try {
        if (app.packed !== null) {
          const aside = putAside(app.packed.folder);
          checks.push({ name: 'program files', ok: aside.length === 0, findings: aside.map((folder) => `${folder} holds program files that were not this executable's when it started. Look at them, and delete that folder.`) });
        }
        const stuck = (await jobHealth(app)).filter(({ dead, oldestDueSeconds }) => dead > 0 || oldestDueSeconds > 600);
        checks.push({ name: 'jobs', ok: stuck.length === 0, findings: stuck.map(({ job, dead, oldestDueSeconds }) => `${job}: ${dead} out of tries, oldest due ${oldestDueSeconds} s ago`) });
      } finally {
        await app.close();
      }
    } finally {
      await database.stop();
    }
    const ok = checks.every((check) => check.ok);
    out.result({ ok, checks, settings: redactConfig(config) }, [
      ...Object.entries(redactConfig(config)).map(([name, value]) => `  ${name.padEnd(16)} ${value}`), '',
      ...checks.flatMap((check) => [`${check.ok ? 'ok  ' : 'FAIL'} ${check.name}`, ...check.findings.map((finding) => `       ${finding}`)]),
    ].join('\n'));
    return ok ? EXIT.done : EXIT.checkFailed;
  }),
};
