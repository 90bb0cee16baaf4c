import { randomBytes } from 'node:crypto';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Designation, Role } from '../db/scope.ts';

/** What demo.json holds and the sign-in table shows. The people are invented; the passwords and secrets are made anew for each installation. */
export type DemoFacts = {
  url: string;
  caFile: string | null;
  postgres: { appUrl: string };
  workspaces: { slug: string; name: string; users: DemoUser[]; serviceAccount: { name: string; token: string } }[];
};
export type DemoUser = { email: string; name: string; role: Role; designations: readonly Designation[]; password: string; totpSecret: string };

export async function writeDemoFacts(dataDir: string, facts: DemoFacts): Promise<string> {
  const file = join(dataDir, 'demo.json');
  // Written aside and renamed: a file that was there may have another mode, lead elsewhere, or be left half by a crash.
  const draft = `${file}.${randomBytes(4).toString('hex')}`;
  await writeFile(draft, `${JSON.stringify(facts, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
  await rename(draft, file);
  return file;
}
