import { join } from 'node:path';
import type { Config } from './config.ts';
import { localRootKeys, type RootKeyProvider } from './crypto/root-keys.ts';
import { signingKey, type SigningKey } from './audit/signing-key.ts';
import { sealAhead, sealPending } from './audit/seal.ts';
import { createSigner } from './audit/signer.ts';
import { openDoor, type Door } from './db/door.ts';
import type { Plugged } from './db/scope.ts';
import { createKeyLoader } from './db/key-store.ts';
import { loadSecrets } from './db/secrets.ts';
import { readAsset } from './read-asset.ts';
import type { Log } from './log.ts';
import { createMail, type Mail } from './mail/mail.ts';
import { runningPacked, type Packed } from './packed/running.ts';

/** What a running program is made of. Made once at boot, handed on explicitly; there are no globals. */
export type App = Door & {
  readonly config: Config;
  readonly log: Log;
  readonly installationId: string;
  /** Who may connect how: for the job worker and for claims that probe the database from outside the door. */
  readonly database: { readonly appUrl: string; readonly jobsUrl: string };
  readonly roots: RootKeyProvider;
  /** Signs audit entries and checkpoints; another one after a rotation. */
  readonly signer: SigningKey;
  /** MAC key for form tokens and other short-lived program tokens. */
  readonly formKey: Buffer;
  /** Null in production without SMTP: links are then shown to whoever made them, to pass on. */
  readonly mail: Mail | null;
  /** Null where the program runs from its source tree. */
  readonly packed: Packed | null;
  /** Drops a workspace's cached keys after they changed. */
  forgetKeys(workspaceId: string): void;
};

export async function openApp(options: { config: Config; log: Log; appUrl: string; jobsUrl: string; poolSize?: number; plugged?: Plugged }): Promise<App> {
  const { config, log, appUrl, jobsUrl } = options;
  const roots = localRootKeys(config.rootKeys);
  const secrets = await loadSecrets(appUrl, roots);
  const signer = createSigner(roots, { key: signingKey(secrets.auditKey), version: secrets.auditKeyVersion, since: secrets.auditKeySince });
  const loadKeys = createKeyLoader(roots);
  const door = openDoor({ appUrl, jobsUrl, contextKey: secrets.contextKey, loadKeys, seal: { pending: (tx) => sealPending(tx, signer), ahead: (tx) => sealAhead(tx, signer) }, ...(options.poolSize === undefined ? {} : { poolSize: options.poolSize }), ...(options.plugged === undefined ? {} : { plugged: options.plugged }) });
  const mail = mailOf(config);
  const close = async () => {
    await door.close();
    await mail?.close();
  };
  return { ...door, close, mail, packed: runningPacked(), config, log, installationId: secrets.installationId, database: { appUrl, jobsUrl }, roots, get signer() { return signer.last.key; }, formKey: secrets.formKey, forgetKeys: loadKeys.forget };
}

/** By SMTP where it is set; the demo keeps its mail in a folder that `/demo/mail` shows. */
function mailOf(config: Config): Mail | null {
  const { origin, smtp, mode, dataDir } = config;
  if (smtp !== null) return createMail({ from: smtp.from, origin, readAsset, delivery: { kind: 'smtp', url: smtp.url } });
  return mode === 'demo' ? createMail({ from: `Wardkeep <no-reply@${new URL(origin).hostname}>`, origin, readAsset, delivery: { kind: 'folder', dir: join(dataDir, 'mail') } }) : null;
}
