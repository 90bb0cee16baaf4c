import t from 'tap';
import { documentXml } from '../clinical/build-document.ts';
import { openPractice, type Browser } from '../api/open-server.ts';
import type { Person } from '../support/people.ts';

/*
 * Nobody is led to a page that refuses them: every link of every page that a role reaches from its start page is followed with that role's
 * session. Of addresses that differ in ids alone, three are tried.
 */
const { as, browser, people } = await openPractice(t);
const admin = await as(people.admin);
const contact = (await admin('POST', '/contacts', { givenName: 'Linked', familyName: 'Everywhere', birthDate: '1970-01-02', sex: 'female', ownerId: people.agent.id })).body.id as string;
await admin('POST', '/contacts', { givenName: 'Linked', familyName: 'Everywhere', birthDate: '1970-01-02', sex: 'male' });
await admin('POST', `/contacts/${contact}/activities`, { kind: 'task', subject: 'Call back' });
await admin('POST', '/documents', { fileName: 'a.xml', contentBase64: Buffer.from(documentXml({ person: '<name><given>Nobody</given></name>' })).toString('base64') });

const LEADS = ['admin', 'manager'];
const SAME_SHAPE = 3;
const FILES = /^\/(assets|audit\/(verifier\.html|checkpoints\/\d)|trust\/attestation|documents\/[^/]+\/original)|\.(json|csv)$/;

async function followAll(visitor: Browser): Promise<{ refused: string[]; seen: ReadonlySet<string> }> {
  const [queue, seen, shapes, refused] = [[{ href: '/contacts', on: 'the start' }], new Set<string>(), new Map<string, number>(), [] as string[]];
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const { href, on } = next;
    const shape = href.replace(/[0-9a-f-]{36}|\d+|=[^&]*/g, '*');
    if (seen.has(href) || (shapes.get(shape) ?? 0) >= SAME_SHAPE) continue;
    seen.add(href);
    shapes.set(shape, (shapes.get(shape) ?? 0) + 1);
    const { status, text, headers } = await visitor.get(href);
    if (status >= 400) refused.push(`${status} ${href} on ${on}`);
    if (!String(headers['content-type']).startsWith('text/html')) continue;
    for (const [, link = ''] of text.matchAll(/<a [^>]*href="(\/[^"#]*)"/g)) if (!FILES.test(link)) queue.push({ href: link.replaceAll('&amp;', '&'), on: href });
  }
  return { refused, seen };
}

t.test('a security officer reads Administration and is offered nothing that only administrators do', async (t) => {
  const officer = await browser(people.officer);
  for (const path of ['/admin/people', `/admin/people/${people.agent.id}`, '/admin/sessions', '/admin/service-accounts', '/admin/settings']) {
    const { status, text } = await officer.get(path);
    const [, main = ''] = text.split('<main');
    t.equal(status, 200, path);
    t.notMatch(main, /<button/, path);
    t.match((await (await browser(people.admin)).get(path)).text.split('<main')[1], /<button/, `an administrator is: ${path}`);
  }
});

for (const role of ['admin', 'manager', 'agent', 'readonly', 'officer'] as const) {
  t.test(`${role}: no link leads to a refusal`, async (t) => {
    const { refused, seen } = await followAll(await browser(people[role] as Person));
    t.ok(seen.size > 15, `${seen.size} pages`);
    t.equal(seen.has('/documents/waiting'), LEADS.includes(role), 'whoever may say whose a document is, finds the way there');
    t.strictSame(refused, []);
  });
}
