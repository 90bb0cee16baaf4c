import { createWriteStream, existsSync, lstatSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { INSTALLATION_WORKSPACE, systemScope } from '../db/scope.ts';
import { Fault } from '../errors.ts';
import { exportLog, EXPORT_FORMATS, type ExportFormat } from '../security/audit/export-log.ts';
import { findWorkspace } from '../workspaces/find-workspace.ts';
import { EXIT, required, UsageError, type Command, type Invocation } from './command.ts';
import { withApp } from './with-app.ts';

const WHEN = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2}))?$/;
/** The installation's own log: acts of the system door. */
const INSTALLATION = 'installation';

export const auditExport: Command = {
  name: 'audit export',
  summary: 'write a workspace’s audit log into a file',
  usage: 'audit export --workspace SLUG [--from WHEN] [--to WHEN] [--format bundle|csv|json] --out FILE',
  options: {
    workspace: { type: 'string', about: `slug of the workspace, or \`${INSTALLATION}\` for the system’s own log` },
    from: { type: 'string', about: 'first day (2026-01-31, in the workspace’s time zone) or instant (2026-01-31T08:00Z)' },
    to: { type: 'string', about: 'last day, or the instant it ends before' },
    format: { type: 'string', about: 'bundle (signed, verifies offline; the default), csv or json' },
    out: { type: 'string', about: 'the file; it appears when it is complete, readable by you only' },
  },
  async run(invocation) {
    const slug = required(invocation, 'workspace');
    const file = required(invocation, 'out');
    const format = (invocation.values['format'] ?? 'bundle') as ExportFormat;
    if (!EXPORT_FORMATS.includes(format)) throw new UsageError(`--format is one of ${EXPORT_FORMATS.join(', ')}.`);
    const asked = { from: when(invocation, 'from'), to: when(invocation, 'to') };
    if (!existsSync(dirname(file))) throw new UsageError('The folder of --out is not there.');
    // The finished file is put in place of what is there: a folder would refuse once all is done and on the record, /dev/stdout would be gone.
    if (lstatSync(file, { throwIfNoEntry: false })?.isFile() === false) throw new UsageError('--out is a folder, a link or a device; name a file.');
    return withApp(async (app) => {
      const workspaceId = slug === INSTALLATION ? INSTALLATION_WORKSPACE : (await findWorkspace(app, slug)).id;
      const { range, pieces } = await exportLog(app, systemScope(workspaceId, 'wardkeep audit export'), format, asked).catch((error: unknown) => {
        throw error instanceof Fault && error.code === 'audit.span_reversed' ? new UsageError('--from is not before --to.') : error;
      });
      await writeWhole(file, pieces);
      const entries = range.toSeq - range.fromSeq + 1;
      invocation.out.result({ file, format, entries, range }, [
        `${entries} entries (${entries === 0 ? 'none in this time' : `no. ${range.fromSeq} to ${range.toSeq}`}) are in ${file}`,
        ...(format === 'bundle' ? [`Check it anywhere with \`wardkeep audit verify ${file}\`.`] : []),
      ].join('\n'));
      return EXIT.done;
    });
  },
};

function when({ values }: Pick<Invocation, 'values'>, flag: string): string | undefined {
  const value = values[flag];
  if (value === undefined) return undefined;
  if (typeof value !== 'string' || !WHEN.test(value) || !isRealDate(value)) throw new UsageError(`--${flag} takes a day (2026-01-31) or an instant (2026-01-31T08:00Z).`);
  return value;
}

/** JavaScript takes February 30 for March 2. */
function isRealDate(value: string): boolean {
  const day = value.slice(0, 10);
  const date = new Date(`${day}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(day) && !Number.isNaN(Date.parse(value));
}

/** Whoever looks sees the file complete or not at all. */
async function writeWhole(file: string, pieces: AsyncIterable<Uint8Array>): Promise<void> {
  const partial = `${file}.${process.pid}.partial`;
  try {
    await pipeline(pieces, createWriteStream(partial, { mode: 0o600, flags: 'wx', flush: true }));
    await rename(partial, file);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}
