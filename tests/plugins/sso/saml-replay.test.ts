import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import sso from '../../../plugins/sso/index.ts';
import { TEST_ROOT_KEYS } from '../../support/cluster.ts';
import { openHost } from '../open-host.ts';
import { CONSUMER_URL, IDP_ENTITY, REQUEST_ID, SP_ENTITY, VICTIM, idp, issue, post, sp } from './saml-provider.ts';

t.test('one assertion handed to three programs at once: one lets the person in', async (t) => {
  const { database, willow, harbor } = await openHost(t, [sso], { folders: { sso: new URL('../../../plugins/sso', import.meta.url).pathname } });
  const start = async (workspaceId: string, samlResponse: string) => {
    const given = { appUrl: database.appUrl, jobsUrl: database.jobsUrl, workspaceId, rootKey: TEST_ROOT_KEYS[0]?.bytes.toString('base64'), entityId: IDP_ENTITY, spEntityId: SP_ENTITY, consumerUrl: CONSUMER_URL, certificate: idp.certificate, spKey: sp.key, spCertificate: sp.certificate, requestId: REQUEST_ID, samlResponse };
    const child = spawn(process.execPath, [fileURLToPath(new URL('replay-child.ts', import.meta.url))], { env: { ...process.env, CHILD: JSON.stringify(given) }, stdio: ['pipe', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    return { go: () => child.stdin.write('go\n'), outcome: async () => String((await once(child.stdout, 'data'))[0]).trim() };
  };
  const samlResponse = post(issue('both'));
  const children = await Promise.all([start(willow.workspaceId, samlResponse), start(willow.workspaceId, samlResponse), start(willow.workspaceId, samlResponse)]);
  const outcomes = children.map((child) => child.outcome());
  for (const child of children) child.go();
  t.same((await Promise.all(outcomes)).sort(), [VICTIM, 'saml.replayed', 'saml.replayed'].sort());

  const later = await start(willow.workspaceId, samlResponse);
  const again = later.outcome();
  later.go();
  t.equal(await again, 'saml.replayed', 'a program started since knows it too');

  const elsewhere = await start(harbor.workspaceId, samlResponse);
  const there = elsewhere.outcome();
  elsewhere.go();
  t.equal(await there, VICTIM, 'each workspace has a memory of its own');
});
