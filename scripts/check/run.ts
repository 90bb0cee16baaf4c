import { checkArchitecture } from './architecture.ts';
import { checkAudit } from './audit.ts';
import { checkLicences } from './licences.ts';
import { checkLint } from './lint.ts';
import { PROJECT_ROOT, type Check, type Outcome } from './outcome.ts';
import { checkSbom } from './sbom.ts';
import { checkSecrets } from './secrets.ts';
import { checkTypes } from './types.ts';

/** `npm run check [name …]`: what can be said about the tree without running it. Exit code 1 when anything fails. */
const CHECKS: readonly Check[] = [
  { name: 'types', run: checkTypes },
  { name: 'lint', run: checkLint },
  { name: 'architecture', run: checkArchitecture },
  { name: 'secrets', run: checkSecrets },
  { name: 'licences', run: checkLicences },
  { name: 'sbom', run: checkSbom },
  { name: 'audit', run: checkAudit },
];

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !CHECKS.some((check) => check.name === name));
if (unknown.length > 0) {
  console.error(`No check named ${unknown.join(', ')}. There are: ${CHECKS.map((check) => check.name).join(', ')}.`);
  process.exit(64);
}

const rows = await Promise.all(CHECKS.filter((check) => wanted.length === 0 || wanted.includes(check.name)).map(async (check) => {
  const started = performance.now();
  // A check that throws has failed; its reason is shown like any other finding.
  const outcome = await check.run(PROJECT_ROOT).catch((error: unknown): Outcome => ({ status: 'failed', summary: 'the check itself broke', details: [String(error)] }));
  return { ...outcome, name: check.name, seconds: (performance.now() - started) / 1000 };
}));

for (const row of rows) if (row.details && row.details.length > 0) console.log([`${row.name}:`, ...row.details.map((line) => `  ${line}`), ''].join('\n'));
for (const { name, status, seconds, summary } of rows) console.log(`${name.padEnd(14)}${status.padEnd(9)}${seconds.toFixed(1).padStart(6)} s  ${summary}`);
process.exitCode = rows.some((row) => row.status === 'failed') ? 1 : 0;
