import { differences, identityOf, readIndex } from '../../packed/archive.ts';
import { claim, notApplicable, verdict } from '../claim.ts';

/** Names shown; the numbers are whole. */
const SHOWN = 20;

export const unchanged = claim({
  id: 'PRG-1',
  title: 'The program’s files are those of its executable',
  statement: 'Each file the program runs from has the SHA-256 that its executable carries for it, and no other file lies among them but Node’s cache, which runs as it lies there and which the program’s own user may be able to change; the executable itself compares them at every start. The identity is the SHA-256 over all of these.',
  async prove({ app }) {
    if (app.packed === null) return notApplicable('The program runs from a source tree, which carries no list of its files.');
    const index = readIndex(app.packed.index);
    const { changed, unknown } = await differences(index, app.packed.folder);
    const identity = identityOf(app.packed.index);
    return verdict(
      changed.length + unknown.length === 0,
      { proved: `${index.files.length} of ${index.files.length} files of version ${index.version} are as they were packed.`, failing: `${changed.length} files are changed or missing, ${unknown.length} were never packed.` },
      { version: index.version, identity, files: index.files.length, changed: changed.slice(0, SHOWN), unknown: unknown.slice(0, SHOWN) },
    );
  },
});

export const PROGRAM_CLAIMS = [unchanged] as const;
