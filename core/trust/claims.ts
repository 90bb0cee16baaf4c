import type { Claim } from './claim.ts';
import { ACCESS_CLAIMS } from './claims/access.ts';
import { AUDIT_CLAIMS } from './claims/audit.ts';
import { BACKUP_CLAIMS } from './claims/backups.ts';
import { DOCUMENT_CLAIMS } from './claims/documents.ts';
import { KEY_CLAIMS } from './claims/keys.ts';
import { LOG_CLAIMS } from './claims/logs.ts';
import { PROGRAM_CLAIMS } from './claims/program.ts';
import { RATE_LIMIT_CLAIMS } from './claims/rate-limit.ts';
import { SIGN_IN_CLAIMS } from './claims/sign-in.ts';
import { SUSPENSION_CLAIMS } from './claims/suspension.ts';
import { TENANCY_CLAIMS } from './claims/tenancy.ts';
import { TRANSPORT_CLAIMS } from './claims/transport.ts';

/** Every claim of the core, in the order the trust page shows. Whoever builds a capability adds its claims here. */
export const CLAIMS: readonly Claim[] = [...TENANCY_CLAIMS, ...KEY_CLAIMS, ...AUDIT_CLAIMS, ...SIGN_IN_CLAIMS, ...ACCESS_CLAIMS, ...SUSPENSION_CLAIMS, ...DOCUMENT_CLAIMS, ...TRANSPORT_CLAIMS, ...RATE_LIMIT_CLAIMS, ...LOG_CLAIMS, ...PROGRAM_CLAIMS, ...BACKUP_CLAIMS];

const declared = new Map<string, readonly Claim[]>();

/** Adds a plugin's claims; said again, it replaces what that plugin said before. */
export function declareClaims(plugin: string, claims: readonly Claim[]): void {
  declared.set(plugin, claims);
}

export function allClaims(): readonly Claim[] {
  return [...CLAIMS, ...[...declared.values()].flat()];
}
