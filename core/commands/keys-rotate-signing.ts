import { rotateSigningKey } from '../audit/store/rotate-signing-key.ts';
import { EXIT, type Command } from './command.ts';
import { withApp } from './with-app.ts';

export const keysRotateSigning: Command = {
  name: 'keys rotate-signing',
  summary: 'replace the key that signs the audit log',
  usage: 'keys rotate-signing [--json]',
  run: ({ out }) => withApp(async (app) => {
    const { keyId, retired } = await rotateSigningKey(app);
    out.result({ keyId, retired }, `Key ${keyId} signs the audit log from now on; ${retired} is retired and its private half destroyed. Running programs follow with their next entry.`);
    return EXIT.done;
  }),
};
