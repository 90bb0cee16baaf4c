import type { Call, Practice } from './open-server.ts';

/** A real request of an operation: what its placeholders, query, body and If-Match are. */
export type Sample = { params?: Record<string, string>; query?: Record<string, string>; body?: unknown; version?: number };

let made = 0;
const unique = (): string => `Sample${(made += 1)}`;

const newContact = ({ practice }: Maker): object => ({
  givenName: 'Ada', familyName: unique(), birthDate: '1980-02-29', sex: 'female', phones: [{ use: 'home', value: '+1 212 555 0102' }], emails: [{ value: 'ada@example.org' }],
  addresses: [{ lines: ['1 Elm Street'], city: 'Troy' }], identifiers: [{ system: 'urn:mrn', value: unique() }], ownerId: practice.people.agent.id,
});

const contact = async (maker: Maker): Promise<{ id: string; version: number }> => (await maker.call('POST', '/contacts', newContact(maker))).body;

async function task(maker: Maker): Promise<{ id: string; contactId: string }> {
  const { id } = await contact(maker);
  return (await maker.call('POST', `/contacts/${id}/activities`, { kind: 'task', subject: 'Send the letter', dueOn: '2020-01-01', assignedTo: maker.practice.people.agent.id })).body;
}

async function appointment(maker: Maker): Promise<{ id: string }> {
  return (await maker.call('POST', '/appointments', await newAppointment(maker))).body;
}

async function newAppointment(maker: Maker): Promise<object> {
  const { id } = await contact(maker);
  return { contactId: id, practitionerId: maker.practice.people.agent.id, localStart: `2031-05-${String((made % 27) + 1).padStart(2, '0')}T10:${String(made % 60).padStart(2, '0')}`, durationMinutes: 5, reason: 'Follow-up' };
}

async function merge(maker: Maker): Promise<{ id: string; mergeId: string }> {
  const [survivor, merged] = [await contact(maker), await contact(maker)];
  const { mergeId } = (await maker.call('POST', `/contacts/${survivor.id}/merge`, { mergedId: merged.id, take: ['birthDate'] })).body;
  return { id: survivor.id, mergeId };
}

async function share(maker: Maker): Promise<{ id: string; shareId: string }> {
  const { id } = await contact(maker);
  const reply = await maker.call('POST', `/contacts/${id}/shares`, { userId: maker.practice.people.readonly.id, access: 'READ' });
  return { id, shareId: reply.body.id };
}

const ccda = (family: string): string => `<?xml version="1.0" encoding="UTF-8"?>
<ClinicalDocument xmlns="urn:hl7-org:v3"><typeId root="2.16.840.1.113883.1.3" extension="POCD_HD000040"/><id root="2.16.840.1.113883.19.5" extension="${family}"/>
<title>Summary of Care</title><effectiveTime value="20260301"/>
<recordTarget><patientRole><id root="2.16.840.1.113883.19.71.9" extension="${family}"/><patient><name><given>Ada</given><family>${family}</family></name>
<administrativeGenderCode code="F" codeSystem="2.16.840.1.113883.5.1"/><birthTime value="19800229"/></patient></patientRole></recordTarget></ClinicalDocument>`;

const newDocument = (): object => ({ fileName: 'summary.xml', contentBase64: Buffer.from(ccda(unique())).toString('base64') });

async function document(maker: Maker): Promise<{ documentId: string; contactId: string }> {
  return (await maker.call('POST', '/documents', newDocument())).body;
}

/** `call` may do everything; `practice` has the people. */
export type Maker = { call: Call; practice: Practice };

/** One sample for every operation that is documented; tests/api/openapi.test.ts fails for an operation without one. */
export const SAMPLES: Readonly<Record<string, (maker: Maker) => Promise<Sample>>> = {
  readMe: async () => ({}),
  listAuditEntries: async () => ({ query: { limit: '5', actorKind: 'agent', from: '2020-01-01T00:00:00Z' } }),
  listContacts: async (maker) => { await contact(maker); return { query: { limit: '2' } }; },
  searchContacts: async (maker) => { await contact(maker); return { body: { q: 'sample' } }; },
  createContact: async (maker) => ({ body: { ...newContact(maker), deceasedOn: '2020-01-01', tags: ['a'] } }),
  readContact: async (maker) => ({ params: { id: (await contact(maker)).id } }),
  updateContact: async (maker) => ({ params: { id: (await contact(maker)).id }, body: { status: 'active', notes: 'x' }, version: 1 }),
  exportContacts: async (maker) => { await contact(maker); return { body: { limit: 2 } }; },
  exportContact: async (maker) => ({ params: { id: (await document(maker)).contactId } }),
  exportContactCcda: async (maker) => ({ params: { id: (await document(maker)).contactId } }),
  listShares: async (maker) => ({ params: { id: (await share(maker)).id } }),
  shareContact: async (maker) => ({ params: { id: (await contact(maker)).id }, body: { userId: maker.practice.people.readonly.id, access: 'WRITE' } }),
  endShare: async (maker) => ({ params: await share(maker) }),
  mergeContacts: async (maker) => ({ params: { id: (await contact(maker)).id }, body: { mergedId: (await contact(maker)).id, take: ['givenName'] } }),
  tellApart: async (maker) => ({ params: { id: (await contact(maker)).id }, body: { otherId: (await contact(maker)).id } }),
  takeBackDistinction: async (maker) => {
    const [{ id }, { id: otherId }] = [await contact(maker), await contact(maker)];
    await maker.call('POST', `/contacts/${id}/apart`, { otherId });
    return { params: { id }, body: { otherId } };
  },
  undoMerge: async (maker) => { const { id, mergeId } = await merge(maker); return { params: { id }, body: { mergeId } }; },
  listActivities: async (maker) => ({ params: { id: (await task(maker)).contactId }, query: { limit: '10' } }),
  addActivity: async (maker) => ({ params: { id: (await contact(maker)).id }, body: { kind: 'call', subject: 'Asked about the refill', body: 'Elm Street pharmacy' } }),
  readActivity: async (maker) => ({ params: { id: (await task(maker)).id } }),
  updateActivity: async (maker) => ({ params: { id: (await task(maker)).id }, body: { isDone: true }, version: 1 }),
  listTasks: async (maker) => { await task(maker); return { query: { state: 'overdue' } }; },
  listAppointments: async (maker) => { await appointment(maker); return { query: { from: '2031-05-01T00:00:00Z', to: '2031-06-01T00:00:00Z' } }; },
  bookAppointment: async (maker) => ({ body: await newAppointment(maker) }),
  readAppointment: async (maker) => ({ params: { id: (await appointment(maker)).id } }),
  updateAppointment: async (maker) => ({ params: { id: (await appointment(maker)).id }, body: { status: 'arrived' }, version: 1 }),
  listDocuments: async (maker) => ({ params: { id: (await document(maker)).contactId } }),
  readClinicalSummary: async (maker) => ({ params: { id: (await document(maker)).contactId } }),
  readDocument: async (maker) => ({ params: { id: (await document(maker)).documentId } }),
  readOriginalDocument: async (maker) => ({ params: { id: (await document(maker)).documentId } }),
  importDocument: async () => ({ body: newDocument() }),
  attest: async () => ({}),
};

export function pathOf(path: string, { params = {}, query = {} }: Sample): string {
  const filled = path.replace(/\{(\w+)\}/g, (_whole, name: string) => encodeURIComponent(params[name] ?? 'missing'));
  return Object.keys(query).length === 0 ? filled : `${filled}?${new URLSearchParams(query)}`;
}
