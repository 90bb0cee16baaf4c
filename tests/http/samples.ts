import { barChart, heatStrip, sparkline } from '../../core/http/charts.ts';
import { ICON_NAMES } from '../../core/http/icons.ts';
import { trustHtml, type LayoutContext } from '../../core/http/views.ts';

/** Invented contexts, one per template that is a page: what the style guide shows and what the view tests render. */

const AT = '2026-03-05T14:05:00Z';
const HASH = 'a3f1c09b5d7e2486f0b1a9c8d7e6f5a4b3c2d1e0f9a8b7c6d5e4f3a2b1c0d9e8';
const ID = '0195a1b2-7c3d-7e4f-8a9b-0c1d2e3f4a5b';

export const layout: LayoutContext = {
  person: { name: 'Maren Okafor', email: 'maren@willow.example', role: 'Admin' },
  workspace: { name: 'Willow Family Practice', slug: 'willow' },
  idleSeconds: 28_800,
  can: { contacts: true, appointments: true, tasks: true, documents: true, audit: true, trust: true, admin: true, manage: true },
  pluginLinks: { main: [{ href: '/plugins/baa-tracker', label: 'Agreements', icon: 'document' }], admin: [{ href: '/plugins/field-gates', label: 'Fields', icon: 'eye' }] },
  csrfToken: 'sample-token', timeZone: 'America/New_York', demo: true, theme: 'auto', flashes: [], requestId: '1769:web:1:m3x', here: '/contacts',
};

export const anonymous: LayoutContext = { ...layout, person: null, workspace: null, idleSeconds: null, can: {} };

const options = (...values: string[]): { value: string; label: string }[] => values.map((value) => ({ value, label: value }));
const held = { action: '/admin/people/invite', fields: [{ name: 'email', value: 'tomas@willow.example' }] };
const passkey = { optionsUrl: '/passkey/options', verifyUrl: '/passkey/verify' };
const timeZones = options('America/New_York', 'America/Chicago', 'America/Los_Angeles');

const chart = barChart(
  Array.from({ length: 30 }, (_, day) => ({ label: `Mar ${day + 1}`, value: Math.round(240 + 190 * Math.sin(day * 0.9) + ((day * 37) % 50)), part: (day * 7) % 23 })),
  { category: 'Day', measure: 'entries', part: 'refused or failed' },
);
const heat = heatStrip(
  Array.from({ length: 7 }, (_, day) => Array.from({ length: 24 }, (_hour, at) => (day > 4 || at < 7 || at > 18 ? (at * day) % 3 : 20 + ((at * 13 + day * 7) % 60)))),
  'entries',
);

const proof = {
  ok: true, failure: null, hash: HASH, previousHash: HASH.replaceAll('a', '7'), signature: `${HASH}${HASH}`.slice(0, 88), keyId: '34750f98bd59fcfc', downloadHref: '/audit/18204/proof.json',
  inclusion: {
    leafIndex: 18203, treeSize: 18204, rootHash: HASH.replaceAll('f', '2'), path: [{ side: 'left', hash: HASH }, { side: 'right', hash: HASH.replaceAll('c', '9') }, { side: 'left', hash: HASH.replaceAll('d', '0') }],
    checkpoint: `wardkeep/willow\n18204\n${Buffer.from(HASH.slice(0, 32)).toString('base64')}\n\n— wardkeep/willow Az3grlgt…`, checkpointAt: AT,
  },
};

const days = [
  { label: 'Thursday, March 5', items: [
    { icon: 'call', title: 'Call: asked about the refill', text: 'Wants the pharmacy on Elm Street from now on.', at: AT, by: 'Maren Okafor' },
    { icon: 'calendar', title: 'Follow-up visit', href: '/appointments/1', at: AT, by: 'Dr. Lindqvist', pill: { label: 'confirmed', tone: 'good' } },
    { icon: 'task', title: 'Send referral letter', at: AT, by: 'Maren Okafor', warn: true, pill: { label: 'overdue', tone: 'warn' } },
  ] },
  { label: 'Monday, March 2', items: [
    { icon: 'document', title: 'Summary of Care, Harbor Hospital', href: '/documents/1', text: '12 problems, 7 medications, 3 allergies', at: AT, by: 'Import' },
    { icon: 'share', title: 'Shared with Tomas Rey', at: AT, by: 'Maren Okafor', pill: { label: 'WRITE', tone: 'teal' } },
  ] },
];

const claims = [
  { id: 'AUD-3', text: 'Entries are signed with Ed25519.', status: 'proved', summary: '18,204 of 18,204 verified.', evidence: [{ label: 'Verified', value: '18,204 of 18,204' }, { label: 'Keys', value: 'willow-2026-01' }], checkedAt: AT },
  { id: 'DB-2', text: 'Every workspace table has row security enabled and forced.', status: 'failing', summary: '1 of 31 tables is open.', evidence: [{ label: 'Table', value: 'activities: policy lacks WITH CHECK' }], checkedAt: AT },
  { id: 'KEY-5', text: 'Root keys are held by an external key service.', status: 'not-applicable', summary: 'This installation keeps its root keys in a file.', evidence: null, checkedAt: AT },
];

const contact = {
  id: ID, name: 'Rosalind Achterberg', birthDate: '1958-11-23', sex: 'female', genderIdentity: 'woman', language: 'English', preferredChannel: 'phone', status: 'active', statusTone: 'good', mrn: '4471-0092', owner: 'Maren Okafor', tags: ['diabetes', 'hearing aid'], mergedInto: null, updatedAt: AT,
  notes: 'Hard of hearing; call the daughter first.\nWheelchair from April.',
  phones: [{ use: 'home', value: '+1 555 010 2030' }, { use: 'mobile', value: '+1 555 010 4477' }], emails: [{ use: 'home', value: 'rosalind@example.org' }],
  addresses: [{ use: 'home', lines: ['14 Quarry Lane', 'Millbrook, NY 12545'] }], identifiers: [{ system: 'MRN', value: '4471-0092' }],
};

const contactTabs = (current: string): object[] => ['timeline', 'details', 'clinical', 'documents', 'shares'].map((tab) => ({
  href: `/contacts/${ID}/${tab}`, label: { timeline: 'Timeline', details: 'Details', clinical: 'Clinical summary', documents: 'Documents', shares: 'Shares' }[tab], current: tab === current, count: tab === 'documents' ? 2 : null,
}));

const contactPage = (tab: string, own: object): object => ({
  contact, tab, madeAt: AT, tabs: contactTabs(tab), can: { write: true, share: true, merge: true, book: true, export: true },
  alerts: [{ label: 'Allergy: penicillin', tone: 'bad' }, { label: 'Fall risk', tone: 'warn' }], ...own,
});

const contacts = [
  { ...contact, phone: '+1 555 010 2030', email: 'rosalind@example.org', updatedAt: AT, own: [{ label: 'Ward', text: 'North' }] },
  { id: '2', name: 'Bartholomew Featherstonehaugh-Villanueva', birthDate: '2025-10-02', sex: 'male', phone: '+1 555 010 8812', email: null, status: 'new', statusTone: 'calm', owner: null, updatedAt: AT, tags: [] },
  { id: '3', name: 'Ngozi Adeyemi', birthDate: '1991-06-14', sex: 'female', phone: null, email: 'ngozi@example.org', status: 'inactive', statusTone: null, owner: 'Tomas Rey', updatedAt: AT, tags: ['asthma'] },
  { id: '4', name: 'Wim de Groot', birthDate: '1940-01-30', sex: 'male', phone: '+1 555 010 1199', email: null, status: 'deceased', statusTone: null, owner: 'Tomas Rey', updatedAt: AT, tags: [] },
];

const sessions = [
  { id: '1', current: true, device: 'Firefox on Windows', ip: '10.4.1.17', signedInAt: AT, lastSeenAt: AT, method: 'password and app' },
  { id: '2', current: false, device: 'Safari on iPhone', ip: '203.0.113.9', signedInAt: AT, lastSeenAt: AT, method: 'passkey' },
];

const batch = { id: ID, kind: 'C-CDA', by: 'Maren Okafor', at: AT, running: true, done: 61, total: 166, imported: 55, created: 41, matched: 14, pending: 4, refused: 2 };

const entry = {
  seq: 18204, id: ID, at: AT, who: 'Maren Okafor', did: 'changed a contact', actorId: ID, actorKind: 'user', action: 'contact.updated', outcome: 'ok', tone: '', target: ID, targetType: 'contact', targetShort: '…4f2a90c1d37e', targetHref: `/contacts/${ID}`, ip: '10.4.1.17', userAgent: 'Mozilla/5.0 (X11; Linux x86_64)', requestId: '1769:web:1:m3x',
  detail: [{ name: 'fields', value: '["phone"]' }], canonical: '{"action":"contact.updated","actor":{"id":"0195","kind":"user"},"seq":18204}', previousHref: '/audit/18203', nextHref: null,
};
const verified = { id: ID, ok: true, at: AT, fromSeq: 1, toSeq: 18204, seconds: 1.4, failure: null, faultSeq: null };
const broken = { ...verified, ok: false, fromSeq: 18001, failure: 'An entry is missing, was added, or stands in another place.', faultSeq: 18044 };
const checkpoint = { size: 18204, root: 'eA2rzEJCRfwF1qznL7Px/DN/eH2aHiGbq0QvfEYwmkE=', note: proof.inclusion.checkpoint, at: AT };

export const anonymousPages: Record<string, object> = {
  'auth/sign-in': { form: { email: 'maren@willow.example', workspace: 'willow', next: '/contacts' }, errors: {}, passkey, otherWays: [{ label: 'Sign in with the hospital account', href: '/plugins/sso/willow/start', comesFirst: false }, { label: 'Willow account', href: '/plugins/sso/willow/start', comesFirst: true }] },
  'auth/choose-practice': { practices: [{ slug: 'willow', name: 'Willow Family Medicine' }, { slug: 'harbor', name: 'Harbor General Hospital' }], next: '/contacts' },
  'auth/second-factor': { method: 'totp', methods: { totp: true, recovery: true, passkey: true }, errors: { code: 'This code was not accepted. Wait for the next one and try again.' }, passkey, expiresAt: AT, next: '/contacts' },
  'auth/enrol': { action: '/account/totp', setup: { sealed: 'v1.sample', qrDataUri: 'data:image/svg+xml,%3Csvg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"%3E%3Cpath d="M0 0h3v3H0zM5 0h3v3H5zM0 5h3v3H0zM4 4h1v1H4zM6 6h2v2H6z"/%3E%3C/svg%3E', secretGroups: ['JBSW', 'Y3DP', 'EHPK', '3PXP', 'JBSW', 'Y3DP', 'EHPK', '3PXP'] }, errors: {}, passkey, next: '/contacts' },
  'auth/recovery-codes': { codes: Array.from({ length: 10 }, (_, at) => `k${at}mv-7q2x-h4p${at}-zk9m-qnxh-abnn`), continueUrl: '/contacts' },
  'auth/setup': { action: '/setup/token', form: { timeZone: 'America/New_York' }, errors: { slug: 'Enter a short name.' }, timeZones, expiresAt: AT },
  'auth/invitation': { action: '/invitation/token', workspaceName: 'Willow Family Practice', role: 'agent', email: 'tomas@willow.example', form: {}, errors: {}, expiresAt: AT },
  'auth/password-forgot': { form: {}, errors: {}, sent: false, byMail: true },
  'auth/password-reset': { action: '/password/reset/token', errors: { password: 'Enter at least 12 characters.' } },
  'auth/onward': { href: '/plugins/sso/willow/start', title: 'No password needed', text: 'Your workspace signs in with its own provider. There is no password to set here.' },
  'demo/mail-list': { mails: [{ id: '1', to: 'tomas@willow.example', subject: 'Your invitation to Willow Family Practice', at: AT }] },
  'demo/mail': { mail: { to: 'tomas@willow.example', from: 'no-reply@localhost', subject: 'Your invitation', at: AT, parts: [{ text: 'Open this link:\n' }, { text: 'https://localhost:8443/invitation/x', href: '/invitation/x' }] } },
};

export const pages: Record<string, object> = {
  styleguide: {
    trail: [{ href: '/', label: 'Home' }], tabs: contactTabs('timeline'), errors: { phone: 'Enter a phone number with its area code.' }, sexes: options('F', 'M'), channels: options('phone', 'e-mail', 'letter'),
    icons: ICON_NAMES, hash: HASH, chart, heat, spark: sparkline(chart.bars, 'entries'), days, proof, claims,
  },
  'pages/error': { status: 404, code: 'contact.not_found', text: 'There is no such contact.' },
  'pages/confirm': { title: 'Merge two contacts?', text: 'Wim de Groot (born Jan 30, 1940) becomes part of W. de Groot.', consequences: ['Activities, appointments and documents move over.', 'The merge can be undone.'], action: '/contacts/merge', word: 'Merge', cancelHref: '/contacts', hidden: { other: ID } },
  'auth/step-up': { methods: { totp: true, passkey: true }, errors: {}, passkey, next: '/audit/export', held, heldText: '{}' },
  'auth/step-up-done': { held },
  'admin/link': { title: 'Invitation', link: 'https://localhost:8443/invitation/x', back: '/admin/people' },
  'account/security': { errors: {}, passkeys: [{ id: '1', name: 'Front desk laptop', createdAt: AT, lastUsedAt: null }], totp: { since: AT }, recovery: { left: 9, of: 10 }, hasPassword: true, passkey },
  'account/sessions': { sessions },
  'exports/contact': { contact: { id: ID, name: 'Rosalind Achterberg' }, formats: [{ value: 'ccda', label: 'C-CDA document', hint: 'For another practice’s system', checked: true }, { value: 'json', label: 'JSON', hint: 'For programs', checked: false }] },
  'exports/list': { count: 214, filters: [{ term: 'Status', text: 'active' }, { term: 'Tag', text: 'fall risk' }], fields: [{ name: 'status', value: 'active' }, { name: 'tag', value: 'fall risk' }], formats: [{ value: 'csv', label: 'CSV', hint: 'For a spreadsheet: one line a contact', checked: true }, { value: 'json', label: 'JSON', hint: 'For programs', checked: false }] },
  'contacts/list': { contacts, errors: {}, search: { q: 'ach', status: null, owner: null, tag: null }, statuses: options('new', 'active', 'inactive'), owners: options('Maren Okafor'), cursor: { next: 'abc', previous: null }, can: { create: true, import: true, merge: true, export: true }, shows: { tags: true, birthDate: true }, hint: 'Three letters of a name, phone or e-mail' },
  'contacts/page': contactPage('timeline', { days, olderHref: `/contacts/${ID}?cursor=abc`, newestHref: null }),
  'contacts/form': {
    contact: { id: ID, name: 'Rosalind Achterberg' }, action: `/contacts/${ID}`, version: 3, conflict: [{ label: 'Notes', theirs: 'Wheelchair from April.' }], errors: { birthDate: 'Enter a date of birth in the past.' }, can: { assign: true }, shows: Object.fromEntries(['givenName', 'familyName', 'middleName', 'preferredName', 'birthDate', 'sex', 'genderIdentity', 'pronouns', 'language', 'preferredChannel', 'deceasedOn', 'phones', 'emails', 'addresses', 'identifiers', 'tags', 'notes'].map((field) => [field, true])),
    custom: [{ name: 'custom.room', label: 'Room', value: '12', error: null, isChoice: false, options: [], hint: null, inputmode: null }, { name: 'custom.ward', label: 'Ward', value: null, error: null, isChoice: true, options: options('North', 'South'), hint: null, inputmode: null }],
    form: {
      givenName: 'Rosalind', familyName: 'Achterberg', middleName: null, preferredName: 'Rosie', birthDate: '2958-11-23', sex: 'female', genderIdentity: null, pronouns: null, language: 'en', preferredChannel: null, status: 'active', deceasedOn: null,
      ownerId: null, tags: 'diabetes, hearing aid', notes: 'Call the daughter first.',
      phones: [{ at: '0', ordinal: '1', use: 'home', value: '555', error: 'A phone number has at least three digits.' }, { at: '1', ordinal: '2', use: null, value: null, error: null }], emails: [{ at: '0', ordinal: '1', use: null, value: null, error: null }],
      addresses: [{ at: '0', ordinal: '1', use: 'home', lines: '14 Quarry Lane', city: 'Millbrook', state: 'NY', postalCode: '12545', country: null, error: null }], identifiers: [{ at: '0', ordinal: '1', system: 'MRN', value: '4471-0092', error: null }],
    },
    sexes: options('female', 'male', 'unknown'), languages: options('en', 'es'), channels: options('phone', 'email'), statuses: options('new', 'active'), owners: options('Maren Okafor'), pointUses: options('home', 'work'), addressUses: options('home', 'work'),
  },
  'contacts/duplicates': { trail: [{ href: '/contacts', label: 'Contacts' }], pairs: [{ likely: true, first: { id: ID, name: 'Wim de Groot', birthDate: '1940-01-30', sex: 'male', status: 'active' }, second: { id: '2', name: 'W. de Groot', birthDate: null, sex: null, status: 'new' } }], apart: [{ first: { id: ID, name: 'Wim de Groot', birthDate: '1940-01-30', sex: 'male', status: 'active' }, second: { id: '3', name: 'Willem de Groot', birthDate: '1940-01-30', sex: 'male', status: 'active' }, at: AT }] },
  'contacts/merge': {
    from: 'duplicates', back: '/contacts/duplicates', trail: [{ href: '/contacts', label: 'Contacts' }], survivorId: ID, mergedId: '2', moves: ['Activities, appointments and documents.'],
    sides: [{ role: 'Stays', id: ID, name: 'Wim de Groot', birthDate: '1940-01-30', sex: null, status: 'active', createdAt: AT }, { role: 'Becomes part of it', id: '2', name: 'W. de Groot', birthDate: '1940-01-30', sex: 'male', status: 'new', createdAt: AT }],
    rows: [{ field: 'givenName', label: 'Given name', own: 'Wim', other: 'W.', takes: false }, { field: 'sex', label: 'Sex', own: null, other: 'male', takes: true }],
  },
  'documents/document': {
    document: { id: ID, title: 'Summary of care of Rosalind Achterberg', contactId: ID, fileName: 'summary.xml', bytes: 48_210, sha256: HASH, written: 'Jun 1, 2020', createdAt: AT, pending: false }, contactName: 'Rosalind Achterberg',
    facts: [{ term: 'Type', text: 'Summarization of Episode Note' }, { term: 'Author', text: 'Dr. Lindqvist' }], repairs: ['Something stood after the document and was dropped. (line 812)'], attachments: [{ mediaType: 'application/pdf', bytes: 18_204 }],
    sections: [
      { id: '0', title: 'Allergies', items: [{ name: 'Penicillin G', when: 'since 2011', detail: 'Hives', status: { label: 'active', tone: 'good' } }], narrative: null },
      { id: '1', title: 'Plan', items: [], narrative: trustHtml('<table><tbody><tr><td>Recheck in six weeks</td></tr></tbody></table>') },
    ],
  },
  'documents/waiting': {
    errors: { '7-birthDate': 'This is not a day.' }, waiting: { documents: 60, pairs: 1 }, more: { documents: true, pairs: false }, sexes: options('female', 'male'),
    pairs: [{ id: ID, documentId: ID, reason: 'Same name and birth date, but another sex.', contact: { id: '2', name: 'W. de Groot', birthDate: '1940-01-30', sex: 'female', createdAt: AT }, candidate: { id: ID, name: 'Wim de Groot', birthDate: '1940-01-30', sex: 'male', createdAt: AT } }],
    documents: [{ id: '7', title: 'Referral note', fileName: 'note.xml', importedAt: AT, reasons: ['The document gives no birth date.'], form: { givenName: 'Rosalind', familyName: 'Achterberg', birthDate: null, sex: 'female' }, errors: { birthDate: 'This is not a day.' } }],
  },
  'documents/choose': {
    document: { id: '7', title: 'Referral note', reasons: ['The document gives no birth date.'] }, patient: { name: 'Rosalind Achterberg', birthDate: null, sex: 'female' }, q: 'achter', hasMore: true,
    contacts: [{ id: ID, name: 'Rosalind Achterberg', birthDate: '1958-11-23', sex: 'female', phone: '+1 541 555 0142', email: 'rosalind@example.org' }, { id: '2', name: 'Wim Achterberg', birthDate: null, sex: null, phone: null, email: null }],
  },
  'activities/form': {
    contact: { id: ID, name: 'Rosalind Achterberg' }, activity: null, action: `/contacts/${ID}/activities`, version: 0, kinds: options('note', 'task'), people: options('Maren Okafor'), form: { kind: 'task', subject: null, body: 'Elm Street', dueOn: '2026-04-01', assignedTo: null },
    errors: { subject: 'Say in a few words what it is about.' }, conflict: true, isTask: true, isReadOnly: false,
  },
  'activities/tasks': {
    tabs: contactTabs('timeline'), here: '/tasks', previousHref: null, nextHref: '/tasks?cursor=abc', emptyText: 'Nothing is overdue.', can: { write: true },
    tasks: [{ id: ID, subject: 'Send referral letter', contactId: ID, contactName: 'Rosalind Achterberg', dueOn: '2026-03-01', late: true, assignee: 'Maren Okafor', doneAt: null, version: 1 }, { id: '2', subject: 'Call back', contactId: ID, contactName: 'Wim de Groot', dueOn: null, late: false, assignee: null, doneAt: AT, version: 2 }],
  },
  'appointments/agenda': {
    view: 'day', title: 'Mar 5, 2026', day: '2026-03-05', previousHref: '/appointments?day=2026-03-04', nextHref: '/appointments?day=2026-03-06', todayHref: '/appointments', views: contactTabs('timeline'), people: options('Maren Okafor'), practitioner: null, zone: 'America/New_York',
    days: [{ label: 'Thursday, March 5', items: [{ id: ID, start: '09:00', end: '09:30', contactId: ID, contactName: 'Rosalind Achterberg', practitioner: 'Maren Okafor', reason: 'Follow-up', status: 'booked', tone: 'calm' }] }, { label: 'Friday, March 6', items: [] }],
  },
  'appointments/form': {
    contact: { id: ID, name: 'Rosalind Achterberg' }, appointment: { id: ID, status: 'booked', tone: 'calm', when: 'Mar 5, 2026, 09:00' }, action: `/appointments/${ID}`, version: 2, people: options('Maren Okafor'), zone: 'America/New_York', occurrences: options('first', 'second'),
    form: { practitionerId: 'Maren Okafor', day: '2026-03-05', time: '09:00', durationMinutes: '30', timeZone: 'America/New_York', occurrence: null, reason: 'Follow-up', notes: null }, errors: { time: 'That person already has an appointment at this time.' }, conflict: false, isReadOnly: false,
    steps: [{ status: 'arrived', label: 'Arrived', danger: false }, { status: 'cancelled', label: 'Cancel it', danger: true }],
  },
  'api/reference': {
    groups: [{ title: 'Contacts', operations: [{ id: 'readContact', method: 'GET', path: '/api/v1/contacts/{id}', summary: 'One contact, whole', description: null, capability: 'contact.read', needs: ['If-Match'], query: ['limit'], body: [], answers: [{ status: '200', description: 'The contact' }], refusals: [{ status: 404, code: 'contact.not_found' }] }] }],
  },
  'imports/start': { errors: {}, recent: [{ id: ID, kind: 'C-CDA', by: 'Maren Okafor', at: AT, files: 166, imported: 158, refused: 3, pending: 5, state: 'done', stateTone: 'good' }], limits: { files: 500, megabytes: 200, csvMegabytes: 20 } },
  'imports/batch': {
    batch, rows: [
      { file: 'summary-of-care-0412.xml', outcome: 'imported', tone: 'good', contact: { id: ID, name: 'Rosalind Achterberg' } },
      { file: 'discharge_2025.xml', outcome: 'waiting', tone: 'warn', contact: null, reason: 'Two contacts share this name and birth date.', rowClass: 'waiting' },
      { file: 'broken.xml', outcome: 'refused', tone: 'bad', contact: null, reason: 'The XML ends in the middle of an element.', at: 'line 812, column 4', rowClass: 'refused' },
    ], more: 58,
  },
  'imports/mapping': {
    batch: { id: ID, file: 'patients.csv', rows: 812 }, columns: [{ at: 0, header: 'Last', sample: 'Achterberg', target: 'family' }, { at: 1, header: 'DOB', sample: '11/23/1958', target: 'birthDate' }], targets: options('family', 'given', 'birthDate'),
    previewHeads: ['Family name', 'Date of birth'], preview: [{ line: 2, cells: ['Achterberg', 'Nov 23, 1958'] }, { line: 3, cells: ['Adeyemi', '31/31/1991'], refused: 'This is not a date.' }], errors: {},
  },
  'audit/list': {
    filters: {}, actors: options('Maren Okafor', 'intake-bot'), actorKinds: options('user', 'agent', 'system'), actions: options('contact.read', 'contact.updated'), outcomes: options('ok', 'refused'), chart, heat, from: '2026-02-04', to: '2026-03-05',
    refusedHref: '/audit?outcome=not-ok', nextHref: '/audit?before=18155', previousHref: null, can: { verify: true, export: true }, last: verified,
    entries: [entry, { ...entry, seq: 18203, who: 'intake-bot', did: 'was refused a contact', actorKind: 'agent', action: 'contact.read_refused', outcome: 'refused', tone: 'bad' }, { ...entry, seq: 18202, who: 'The system', did: 'verified the audit log', action: 'audit.verified', target: null, targetType: null, targetHref: null, ip: null }],
  },
  'audit/entry': { entry, proof },
  'audit/export': { form: { format: 'bundle' }, errors: { from: 'Enter a day that exists.' } },
  'audit/verify': { running: null, last: broken, outcomes: [broken, verified], canVerify: true, form: { checkpoint: '' }, errors: {} },
  'audit/checkpoints': { newest: checkpoint, checkpoints: [{ ...checkpoint, size: 17950 }, { ...checkpoint, size: 17402 }], nextHref: '/audit/checkpoints?before=17402', previousHref: null },
  'trust/page': { totals: { proved: 41, failing: 1, notApplicable: 3 }, checkedAt: AT, groups: [{ title: 'Audit', claims: claims.slice(0, 1) }, { title: 'Data', claims: claims.slice(1) }] },
  'admin/people': {
    people: [{ id: '1', name: 'Maren Okafor', email: 'maren@willow.example', role: 'ADMIN', roleLabel: 'Administrator', securityOfficer: false, factors: 'passkey, app', state: 'active', tone: 'good', lastSeenAt: AT, me: true }, { id: '2', name: 'Tomas Rey', email: 'tomas@willow.example', role: 'AGENT', roleLabel: 'Agent', securityOfficer: true, factors: 'none yet', state: 'invited', tone: 'calm', lastSeenAt: null, me: false }],
    roles: options('ADMIN', 'MANAGER', 'AGENT', 'READONLY'), form: {}, errors: {},
  },
  'admin/person': { person: { id: '2', name: 'Tomas Rey', email: 'tomas@willow.example', role: 'AGENT', securityOfficer: true, state: 'active', tone: 'good', me: false, factors: [{ label: 'Authenticator app', since: AT }] }, roles: options('ADMIN', 'AGENT'), errors: {}, sessions },
  'admin/sessions': { sessions: sessions.map((session) => ({ ...session, person: 'Tomas Rey' })) },
  'admin/service-accounts': { accounts: [{ id: '1', name: 'Billing export', role: 'READONLY', prefix: 'wks_…ab12cd', scopes: ['contact.read'], expiresAt: AT, expired: true, lastUsedAt: AT }], fresh: { name: 'Intake bot', token: 'wks_9f2c…' }, roles: options('ADMIN', 'READONLY'), scopes: [{ value: 'contact.read', label: 'contact.read', hint: 'Read contacts' }], form: { days: 90 }, errors: {} },
  'plugins/list': { plan: { tier: 'pro', endsAt: AT }, plugins: [
    { name: 'baa-tracker', title: 'Agreements', summary: 'Keeps every business associate agreement and says when one runs out.', state: 'on', tone: 'good', phi: 'None: it never sees patient data', subprocessors: [], health: { ok: true, text: 'Nothing runs out in the next 90 days.' } },
    { name: 'direct', title: 'Direct messages', summary: 'Exchanges documents with other practices.', state: 'suspended', tone: 'bad', phi: 'Keeps patient data, sealed under this workspace’s key', subprocessors: [{ name: 'Harbor HISP', agreement: 'missing', tone: 'bad' }], health: null },
  ] },
  'plugins/plugin': {
    plugin: {
      name: 'direct', title: 'Direct messages', summary: 'Exchanges documents with other practices.', version: '1.2.0', publisher: null, tier: 'pro', firstPath: '/plugins/direct', state: 'agreement missing', tone: 'bad', isOn: true, isEntitled: true,
      phi: 'Keeps patient data, sealed under this workspace’s key', health: { ok: false, text: 'The last message was refused.' }, parked: 3, suspendedFrom: AT, mayBeOn: false, canTest: true,
      subprocessors: [{ name: 'Harbor HISP', purpose: 'Carries Direct messages', location: 'US', agreement: 'missing', tone: 'bad', until: null }, { name: 'Pigeon Post', purpose: 'Carries letters', location: 'US', agreement: 'expiring', tone: 'warn', until: AT }],
    },
    graceDays: 14, tested: { ok: false, text: 'The key does not fit.' }, errors: { account: 'account is not allowed to be empty' },
    sections: [
      { title: null, answer: null, addresses: [], fields: [
        { name: 'mode', label: 'Mode', hint: null, kind: 'question', value: 'test', isSet: true, optional: false, options: [{ value: 'live', label: 'Live', answer: 1, checked: false }, { value: 'test', label: 'A test', answer: 2, checked: true }], error: null },
        { name: 'account', label: 'Account', hint: 'As the HISP gave it', kind: 'text', value: '', isSet: false, optional: false, options: [], error: 'account is not allowed to be empty' },
        { name: 'key', label: 'Key', hint: null, kind: 'secret', value: '', isSet: true, optional: false, options: [], error: null },
        { name: 'receipts', label: 'Ask for receipts', hint: null, kind: 'flag', value: 'true', isSet: true, optional: true, options: [], error: null },
        { name: 'region', label: 'Region', hint: null, kind: 'choice', value: '', isSet: false, optional: true, options: [{ value: 'east', label: 'East', answer: 1, checked: false }], error: null },
      ] },
      { title: 'Live', answer: 1, addresses: [{ id: 'a-1-0', label: 'Address to give them', value: 'https://localhost:8443/plugins/direct/willow' }], fields: [
        { name: 'days', label: 'Keep for days', hint: null, kind: 'number', value: '30', isSet: true, optional: true, options: [], error: null },
        { name: 'partners', label: 'Partners', hint: 'One address a line', kind: 'lines', value: 'a@direct.example\nb@direct.example', isSet: true, optional: true, options: [], error: null },
        { name: 'certificate', label: 'Certificate', hint: null, kind: 'long', value: '-----BEGIN', isSet: true, optional: false, options: [], error: null },
      ] },
    ],
  },
  'admin/settings': { form: { name: 'Willow Family Practice', timeZone: 'America/New_York', idleMinutes: 480, absoluteHours: 12 }, timeZones, errors: {} },
};

export const contactTabPages: Record<string, object> = {
  details: contactPage('details', {
    person: [{ term: 'Sex', text: 'female' }, { term: 'Gender', text: 'woman' }], merges: [{ id: '1', mergedId: '2', at: AT }],
    details: { isReachable: true,
      birthDate: contact.birthDate, preferredChannel: contact.preferredChannel, notes: contact.notes, identifiers: contact.identifiers, addresses: contact.addresses,
      phones: contact.phones.map((phone) => ({ ...phone, href: 'tel:+15550102030' })), emails: contact.emails.map((email) => ({ ...email, href: `mailto:${email.value}` })),
    },
  }),
  clinical: contactPage('clinical', { source: '2 documents', narrative: [{ title: 'Social history', documentId: ID }], sections: [
    { id: 'allergies', title: 'Allergies', items: [{ name: 'Penicillin G', when: 'since 1994', detail: 'Hives; severe', severe: true }] },
    { id: 'problems', title: 'Problems', items: [{ name: 'Type 2 diabetes mellitus', when: 'since 2011', status: { label: 'active', tone: 'good' } }, { name: 'Fracture of wrist', when: '2019', status: { label: 'resolved' } }] },
    { id: 'medications', title: 'Medications', items: [{ name: 'Metformin 500 mg tablet', when: 'since Mar 2012', detail: '1 tablet, twice a day' }] },
  ] }),
  documents: contactPage('documents', { documents: [{ id: '1', title: 'Summary of Care', type: 'Continuity of Care Document', author: 'Harbor Hospital', createdAt: '2026-03-02', importedAt: AT, bytes: 81234, sha256: HASH }] }),
  shares: contactPage('shares', { shares: [{ id: '1', person: 'Tomas Rey', level: 'WRITE', by: 'Maren Okafor', at: AT }], colleagues: options('Tomas Rey'), form: { person: null, level: 'READ' }, errors: {} }),
};
