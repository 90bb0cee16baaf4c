import { existsSync, readFileSync } from 'node:fs';

// C2SP/wycheproof, testvectors_v1: not committed, see ../shared/data/README.md.

const FOLDER = new URL('../../../shared/data/vectors/wycheproof/', import.meta.url);

export type Verdict = 'valid' | 'invalid' | 'acceptable';

/** For tap's `skip`: vectors may be absent on a desk, never in CI. */
export const skipWithoutVectors = !existsSync(FOLDER) && !process.env['CI'] && 'no ../shared/data';

/** A file's test groups. Hexadecimal fields stay text; {@link bytes} reads them. */
export function testGroups<Group>(file: string): Group[] {
  return (JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8')) as { testGroups: Group[] }).testGroups;
}

export function bytes(hex: string): Buffer {
  return Buffer.from(hex, 'hex');
}
