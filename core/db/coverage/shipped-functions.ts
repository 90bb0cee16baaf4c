import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CORE_MIGRATIONS, withRoles, type RuntimeRoles } from '../migrate.ts';

const DEFINITION = /create (?:or replace )?(?:function|procedure) (\w+\.\w+)\([^$]*?\bas\s+\$(\w*)\$(.*?)\$\2\$/gs;

/**
 * SHA-256 of each function's body as the core's migrations leave it, by `schema.name`: the later definition wins. Plugins' migrations are not read:
 * one of them could put another body in place of `sec.workspace()` and vouch for it.
 */
export function shippedFunctions(roles: RuntimeRoles): Record<string, string> {
  const hashes: Record<string, string> = {};
  for (const file of readdirSync(CORE_MIGRATIONS.dir).filter((name) => name.endsWith('.sql')).sort()) {
    for (const [, name, , body] of withRoles(readFileSync(join(CORE_MIGRATIONS.dir, file), 'utf8'), roles).matchAll(DEFINITION)) {
      hashes[name as string] = createHash('sha256').update(body as string, 'utf8').digest('hex');
    }
  }
  return hashes;
}
