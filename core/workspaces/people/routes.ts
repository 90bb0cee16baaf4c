import type { Request, ResponseObject, ResponseToolkit } from '@hapi/hapi';
import Joi from 'joi';
import type { App } from '../../app.ts';
import { endSession } from '../../auth/session/actions.ts';
import { listSessions } from '../../auth/session/list-sessions.ts';
import type { Designation, Role, Tx } from '../../db/scope.ts';
import { Fault } from '../../errors.ts';
import { scopeOf } from '../../http/credentials.ts';
import { flash } from '../../http/flash.ts';
import { formErrors } from '../../http/form-errors.ts';
import { parse } from '../../http/refusals.ts';
import { oneId } from '../../http/schemas.ts';
import type { Feature } from '../../http/feature.ts';
import { changePerson, disablePerson, enablePerson, inviteAgain, invitePerson, resetSecondFactors, startPasswordReset, type Handed } from './actions.ts';
import { listPeople, showPerson } from './list-people.ts';
import { ROLE_OPTIONS } from './roles.ts';

const role = Joi.string().valid(...ROLE_OPTIONS.map(({ value }) => value)).required();
const securityOfficer = Joi.string().valid('yes');
const inviteForm = Joi.object({ email: Joi.string().trim().email({ tlds: false }).max(254).required().messages({ 'string.empty': 'Enter an e-mail address.', 'string.email': 'Enter an e-mail address, such as name@example.org.' }), role, securityOfficer });
const personForm = Joi.object({ role, securityOfficer });

type PersonForm = { role: Role; securityOfficer?: 'yes' };

/** Administration of people and of their sessions: /admin/people, /admin/sessions. */
export const peopleRoutes: Feature = {
  name: 'wardkeep-people',
  register(server, { app }) {
    const act = (path: string, said: string, work: (tx: Tx, id: string) => Promise<void>, back: (id: string) => string = personPath) => ({
      method: 'POST' as const, path, handler: async (request: Request, h: ResponseToolkit) => {
        const target = parse(oneId, request.params).id;
        await app.withWorkspace(scopeOf(request), (tx) => work(tx, target));
        flash(h, 'success', said);
        return h.redirect(back(target)).code(303);
      },
    });
    const hand = (path: string, title: string, work: (tx: Tx, id: string) => Promise<Handed>) => ({
      method: 'POST' as const, path, handler: async (request: Request, h: ResponseToolkit) => {
        const target = parse(oneId, request.params).id;
        return handed(h, title, personPath(target), await app.withWorkspace(scopeOf(request), (tx) => work(tx, target)));
      },
    });

    server.route([
      { method: 'GET', path: '/admin/people', handler: (request, h) => peoplePage(app, request, h, { role: 'AGENT' }, {}) },
      { method: 'POST', path: '/admin/people/invite', handler: (request, h) => invite(app, request, h) },
      { method: 'GET', path: '/admin/people/{id}', handler: (request, h) => personPage(app, request, h) },
      { method: 'POST', path: '/admin/people/{id}', handler: (request, h) => change(app, request, h) },
      act('/admin/people/{id}/disable', 'Disabled. Their sessions have ended.', disablePerson),
      act('/admin/people/{id}/enable', 'Enabled.', enablePerson),
      act('/admin/people/{id}/reset-factors', 'Second factors removed. The next sign-in sets up a new one.', (tx, target) => resetSecondFactors(app, tx, target)),
      hand('/admin/people/{id}/invite-again', 'Invitation', (tx, target) => inviteAgain(app, tx, target)),
      hand('/admin/people/{id}/reset-password', 'Password reset', (tx, target) => startPasswordReset(app, tx, target)),
      { method: 'GET', path: '/admin/sessions', handler: async (request, h) => h.page('admin/sessions', { sessions: await app.withWorkspace(scopeOf(request), (tx) => listSessions(tx)) }) },
      act('/admin/sessions/{id}/end', 'Session ended.', endSession, () => '/admin/sessions'),
    ]);
  },
};

const personPath = (person: string): string => `/admin/people/${person}`;

async function peoplePage(app: App, request: Request, h: ResponseToolkit, form: object, errors: object): Promise<ResponseObject> {
  const people = await app.withWorkspace(scopeOf(request), listPeople);
  return h.page('admin/people', { people, roles: ROLE_OPTIONS, form, errors });
}

async function invite(app: App, request: Request, h: ResponseToolkit): Promise<ResponseObject> {
  try {
    const form = parse<PersonForm & { email: string }>(inviteForm, request.payload);
    return handed(h, 'Invitation', '/admin/people', await app.withWorkspace(scopeOf(request), (tx) => invitePerson(app, tx, { email: form.email, role: form.role, designations: designationsOf(form) })));
  } catch (error) {
    if (!(error instanceof Fault) || error.fields.length === 0) throw error;
    const { email, role, securityOfficer } = request.payload as Record<string, string>;
    return (await peoplePage(app, request, h, { email, role, securityOfficer }, formErrors(error))).code(error.status);
  }
}

async function personPage(app: App, request: Request, h: ResponseToolkit): Promise<ResponseObject> {
  const { sessions, ...person } = await app.withWorkspace(scopeOf(request), (tx) => showPerson(tx, parse(oneId, request.params).id));
  return h.page('admin/person', { person, roles: ROLE_OPTIONS, errors: {}, sessions });
}

async function change(app: App, request: Request, h: ResponseToolkit): Promise<ResponseObject> {
  const target = parse(oneId, request.params).id;
  const form = parse<PersonForm>(personForm, request.payload);
  await app.withWorkspace(scopeOf(request), (tx) => changePerson(tx, target, { role: form.role, designations: designationsOf(form) }));
  flash(h, 'success', 'Saved.');
  return h.redirect(personPath(target)).code(303);
}

/** A mail is on its way, or a page with the link to pass on: shown once, as only its hash is kept. */
function handed(h: ResponseToolkit, title: string, back: string, { link }: Handed): ResponseObject {
  if (link !== null) return h.page('admin/link', { title, link, back });
  flash(h, 'success', `${title} sent by mail.`);
  return h.redirect(back).code(303);
}

function designationsOf(form: PersonForm): Designation[] {
  return form.securityOfficer === 'yes' ? ['SECURITY_OFFICER'] : [];
}
