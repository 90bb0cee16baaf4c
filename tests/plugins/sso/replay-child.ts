import { createPrivateKey } from 'node:crypto';
import { once } from 'node:events';
import { openApp } from '../../../core/app.ts';
import { readConfig } from '../../../core/config.ts';
import { systemScope } from '../../../core/db/scope.ts';
import { createLog } from '../../../core/log.ts';
import { SsoRefusal } from '../../../plugins/sso/refusal.ts';
import { verifyResponse } from '../../../plugins/sso/saml/verify-response.ts';
import { usedTokens } from '../../../plugins/sso/used-tokens.ts';

// One of several programs that are handed the same assertion at the same moment; see saml-replay.test.ts. Says who it let in, or why not.
const given = JSON.parse(process.env['CHILD'] as string) as Record<'appUrl' | 'jobsUrl' | 'workspaceId' | 'rootKey' | 'entityId' | 'spEntityId' | 'consumerUrl' | 'certificate' | 'spKey' | 'spCertificate' | 'requestId' | 'samlResponse', string>;
const app = await openApp({ config: { ...readConfig('demo', {}), rootKeys: [{ id: 'test', bytes: Buffer.from(given.rootKey, 'base64') }] }, log: createLog('silent'), appUrl: given.appUrl, jobsUrl: given.jobsUrl });
const store = usedTokens(app, systemScope(given.workspaceId, 'test'));
const connection = {
  provider: { entityId: given.entityId, signOnUrl: 'https://idp.example.org/sso', signOutUrl: null, certificates: [given.certificate] },
  service: { entityId: given.spEntityId, consumerUrl: given.consumerUrl, logoutUrl: given.consumerUrl, keys: [{ key: createPrivateKey(given.spKey), certificate: given.spCertificate }] },
  rules: { clockSkewMs: 60_000, allowUnsolicited: false, maxAuthenticationAgeMs: null },
};
process.stdout.write('ready\n');
await once(process.stdin, 'data');
const outcome = await verifyResponse(connection, given.samlResponse, { id: given.requestId }, store, new Date()).then(({ nameId }) => nameId, (error: unknown) => { if (error instanceof SsoRefusal) return error.code; throw error; });
await app.close();
process.stdout.write(`${outcome}\n`, () => process.exit(0));
