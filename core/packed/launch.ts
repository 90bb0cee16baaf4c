import { createRequire } from 'node:module';
import { join } from 'node:path';
import { getRawAsset } from 'node:sea';
import { setFlagsFromString } from 'node:v8';
import { ensureUnpacked, ProgramFolderError, programFolder } from './program-folder.ts';

/**
 * Where the packed program begins (Node's single executable applications): unpacks itself once, compares what is there at every start, then runs the
 * files as a checkout would. Bundled into one file by scripts/pack.ts; `node:sea` alone knows what the executable carries.
 */
const EX_CONFIG = 78;

async function launch(): Promise<void> {
  setFlagsFromString('--semi-space-growth-factor=1'); // as bin/wardkeep.js, which sets it back: what is gone through here must not make the program larger
  const program = await ensureUnpacked({ index: asset('index'), content: asset('content') }, programFolder(process.env), (line) => void process.stderr.write(`${line}\n`));
  const { start } = createRequire(join(program, 'package.json'))('./bin/packed.cjs') as { start(): Promise<void> };
  await start();
}

function asset(name: string): Buffer {
  return Buffer.from(getRawAsset(name) as ArrayBuffer); // the executable's own memory, not a copy
}

launch().catch((error: unknown) => {
  if (!(error instanceof ProgramFolderError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = EX_CONFIG;
});
