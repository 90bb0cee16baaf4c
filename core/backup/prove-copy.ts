import type { App } from '../app.ts';
import { parseCheckpoint } from '../audit/checkpoint.ts';
import { verifyStored } from '../audit/verify-stored.ts';
import { INSTALLATION_WORKSPACE, systemScope } from '../db/scope.ts';
import type { Claim } from '../trust/claim.ts';
import { AUDIT_CLAIMS } from '../trust/claims/audit.ts';
import { KEY_CLAIMS } from '../trust/claims/keys.ts';
import { TENANCY_CLAIMS } from '../trust/claims/tenancy.ts';
import { proveClaims } from '../trust/prove-claims.ts';
import type { KeptHead } from './contents.ts';
import { SYSTEM_NAME } from './make-backup.ts';

/** Those about the data; what a program serves, and how, is not in a backup. */
const CLAIMS: readonly Claim[] = [...TENANCY_CLAIMS, ...KEY_CLAIMS, ...AUDIT_CLAIMS];

/** One log of a restored copy. `entries`: verified, all of them. `failing`: ids of claims that do not hold for that workspace. */
export type ProvedLog = { readonly workspace: string; readonly entries: number; readonly fault: string | null; readonly proved: number; readonly failing: readonly string[] };

/**
 * Proves a restored copy as the trust page would: every entry of every log verifies, each log contains the head that the backup took along, and the
 * claims about tenancy, keys and audit hold for every workspace.
 */
export async function proveCopy(app: App, logs: readonly KeptHead[], say: (line: string) => void): Promise<ProvedLog[]> {
  const proved: ProvedLog[] = [];
  for (const { workspace, name, note } of logs) {
    say(`${name}: verifying its audit log …`);
    const { ok, toSeq, fault } = await verifyStored(app, systemScope(workspace, SYSTEM_NAME), 'whole', { kept: note === null ? undefined : keptCheckpoint(note) });
    const claims = workspace === INSTALLATION_WORKSPACE ? [] : await proveClaims(app, workspace, CLAIMS);
    const failing = claims.filter(({ status }) => status === 'failing').map(({ id }) => id);
    proved.push({ workspace: name, entries: toSeq, fault: ok ? null : `${fault?.kind ?? 'unknown'}${fault?.seq == null ? '' : ` at entry ${fault.seq}`}`, proved: claims.filter(({ status }) => status === 'proved').length, failing });
  }
  return proved;
}

export const holds = ({ fault, failing }: ProvedLog): boolean => fault === null && failing.length === 0;

function keptCheckpoint(note: string): { size: number; root: Buffer; note: string } {
  const { size, root } = parseCheckpoint(note);
  return { size, root: Buffer.from(root), note };
}
