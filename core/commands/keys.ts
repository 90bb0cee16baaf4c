import { rootKeyFile } from '../boot.ts';
import { readConfig } from '../config.ts';
import { createRootKeyFile } from '../crypto/root-key-file.ts';
import { EXIT, type Command } from './command.ts';

export const keysInit: Command = {
  name: 'keys init',
  summary: 'make a root key file (the key that wraps all others)',
  usage: 'keys init [--out FILE]',
  options: { out: { type: 'string', about: 'where to write it (default: root.key in the data folder)' } },
  async run({ values, out }) {
    const file = typeof values['out'] === 'string' ? values['out'] : rootKeyFile(readConfig('production'));
    const { id, fingerprint } = await createRootKeyFile(file);
    out.result({ file, id, fingerprint }, [
      `Root key ${id} is in ${file} (readable by you only). SHA-256 fingerprint: ${fingerprint}`,
      'Whoever holds this file and a copy of the database can read every patient; whoever loses it can read none.',
      'Put a copy into your key escrow now, and keep it out of the backups of the data folder.',
    ].join('\n'));
    return EXIT.done;
  },
};
