/**
 * Every route of the program, by what it tells of contacts. A route that is in neither list fails tests/plugins/field-gates/surfaces.test.ts,
 * which calls those that carry something with planted values, as roles that may not see them: nothing hidden may come back.
 */
export type Carries =
  | 'whole' // all fields of one contact
  | 'line' // what tells one contact from another in a list, and what finds it
  | 'name'
  | 'match' // that records are alike
  | 'header' // what a clinical document says of its patient
  | 'names of fields'
  | 'input'; // nothing but refusals of what was sent

export const CONTACT_SURFACES: Readonly<Record<string, Carries>> = {
  'GET /contacts': 'line', 'GET /contacts/search': 'line', 'POST /contacts/search': 'input', 'POST /contacts/suggest': 'line', 'GET /contacts/new': 'names of fields', 'POST /contacts': 'input',
  'GET /contacts/{id}': 'line', 'POST /contacts/{id}': 'input', 'GET /contacts/{id}/edit': 'whole', 'GET /contacts/{id}/details': 'whole', 'GET /contacts/{id}/clinical': 'header', 'GET /contacts/{id}/documents': 'line',
  'GET /contacts/{id}/shares': 'line', 'POST /contacts/{id}/shares': 'input', 'POST /contacts/{id}/shares/{shareId}/remove': 'input',
  'GET /contacts/duplicates': 'match', 'POST /contacts/duplicates/apart': 'input', 'POST /contacts/duplicates/again': 'input', 'GET /contacts/{id}/merge': 'whole', 'POST /contacts/{id}/merge': 'input', 'POST /contacts/{id}/merge/undo': 'input',
  'GET /contacts/export': 'names of fields', 'POST /contacts/export': 'names of fields', 'POST /contacts/export/file': 'whole', 'GET /contacts/{id}/export': 'name', 'POST /contacts/{id}/export': 'whole',
  'POST /api/v1/contacts/export': 'whole', 'GET /api/v1/contacts/{id}/export': 'whole', 'GET /api/v1/contacts/{id}/export/ccda': 'header',
  'GET /contacts/{id}/activities/new': 'name', 'POST /contacts/{id}/activities': 'input', 'GET /activities/{id}': 'name', 'POST /activities/{id}': 'input', 'POST /activities/{id}/done': 'input', 'GET /tasks': 'name',
  'GET /contacts/{id}/appointments/new': 'name', 'POST /contacts/{id}/appointments': 'input', 'GET /appointments': 'name', 'GET /appointments/{id}': 'name', 'POST /appointments/{id}': 'input', 'POST /appointments/{id}/status': 'input',
  'GET /documents/{id}': 'header', 'GET /documents/{id}/original': 'header', 'GET /documents/waiting': 'match', 'POST /documents/waiting/pairs/{id}': 'input', 'POST /documents/{id}/resolve': 'input', 'GET /documents/{id}/contact': 'line', 'POST /documents/{id}/contact': 'input',
  'GET /imports': 'input', 'GET /imports/{id}': 'names of fields', 'GET /imports/{id}/refused.csv': 'input', 'POST /imports/ccda': 'input', 'POST /imports/csv': 'input', 'POST /imports/csv/{id}': 'names of fields',
  'GET /audit': 'names of fields', 'GET /audit/{seq}': 'names of fields', 'GET /audit/{seq}/proof.json': 'names of fields', 'POST /audit/export': 'names of fields',
  'GET /api': 'names of fields', 'GET /api/v1/openapi.json': 'names of fields', 'GET /api/v1/audit': 'names of fields',
  'GET /api/v1/contacts': 'line', 'POST /api/v1/contacts/search': 'line', 'POST /api/v1/contacts': 'whole', 'GET /api/v1/contacts/{id}': 'whole', 'PATCH /api/v1/contacts/{id}': 'whole',
  'POST /api/v1/contacts/{id}/merge': 'whole', 'POST /api/v1/contacts/{id}/merge/undo': 'whole', 'POST /api/v1/contacts/{id}/apart': 'input', 'POST /api/v1/contacts/{id}/apart/undo': 'input',
  'GET /api/v1/contacts/{id}/shares': 'input', 'POST /api/v1/contacts/{id}/shares': 'input', 'DELETE /api/v1/contacts/{id}/shares/{shareId}': 'input',
  'GET /api/v1/contacts/{id}/activities': 'input', 'POST /api/v1/contacts/{id}/activities': 'input', 'GET /api/v1/activities/{id}': 'input', 'PATCH /api/v1/activities/{id}': 'input', 'GET /api/v1/tasks': 'name',
  'GET /api/v1/appointments': 'name', 'POST /api/v1/appointments': 'input', 'GET /api/v1/appointments/{id}': 'input', 'PATCH /api/v1/appointments/{id}': 'input',
  'GET /api/v1/contacts/{id}/documents': 'input', 'GET /api/v1/contacts/{id}/clinical-summary': 'header', 'GET /api/v1/documents/{id}': 'header', 'GET /api/v1/documents/{id}/original': 'header', 'POST /api/v1/documents': 'input',
};

/** What has nothing to do with contacts, by the beginning of its address. */
export const BARE_SURFACES: readonly (readonly [prefix: string, reason: string])[] = [
  ['/account', 'a person’s own means of signing in'], ['/session/', 'how long the session lasts'], ['/sign-', 'before anybody has signed in'], ['/step-up', 'a second factor'], ['/password', 'before anybody has signed in'], ['/setup', 'before there is a workspace'],
  ['/invitation', 'a new colleague'], ['/admin', 'people, sessions, settings and plugins of the practice'], ['/trust', 'claims: counts and codes'], ['/api/v1/trust', 'claims: counts and codes'], ['/api/v1/me', 'who is asking'],
  ['/audit/checkpoints', 'signed heads of the log'], ['/audit/verif', 'whether the log holds'], ['/audit/export', 'the form for an export'], ['/assets', 'files of the program'], ['/favicon.ico', 'a file of the program'], ['/theme', 'light or dark'], ['/health/', 'whether the program answers'],
  ['/demo/mail', 'the demo’s letter box: links to colleagues'], ['/plugins', 'a plugin’s own pages: it is handed ids, and reads contacts through nothing'], ['/api/v1/plugins', 'the same'], ['/{any*}', 'not found'], ['/api/v1/{any*}', 'not found, or not by that method'],
];

/** What a route carries; null: nothing, and why is on the list; undefined: nobody has said. */
export function surfaceOf(method: string, path: string): Carries | null | undefined {
  const known = CONTACT_SURFACES[`${method.toUpperCase()} ${path}`];
  if (known !== undefined) return known;
  return path === '/' || BARE_SURFACES.some(([prefix]) => path.startsWith(prefix)) ? null : undefined;
}
