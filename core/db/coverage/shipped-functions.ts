import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { withRoles, type MigrationFolder, type RuntimeRoles } from '../migrate.ts';

const DEFINITION = /create (?:or replace )?(?:function|procedure) (\w+\.\w+)\([^$]*?\bas\s+\$(\w*)\$(.*?)\$\2\$/gs;

/** SHA-256 of each function's body as the migrations leave it, by `schema.name`: the later definition wins. */
export function shippedFunctions(folders: readonly MigrationFolder[], roles: RuntimeRoles): Record<string, string> {
  const hashes: Record<string, string> = {};
  for (const { dir } of folders) {
    for (const file of readdirSync(dir).filter((name) => name.endsWith('.sql')).sort()) {
      for (const [, name, , body] of withRoles(readFileSync(join(dir, file), 'utf8'), roles).matchAll(DEFINITION)) {
        hashes[name as string] = createHash('sha256').update(body as string, 'utf8').digest('hex');
      }
    }
  }
  return hashes;
}
