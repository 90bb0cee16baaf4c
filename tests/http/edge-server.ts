import Hapi, { type Request, type Server } from '@hapi/hapi';
import type { App } from '../../core/app.ts';
import { fault } from '../../core/errors.ts';
import { assetsPlugin } from '../../core/http/assets.ts';
import { cookieOf } from '../../core/http/cookie-of.ts';
import { csrfPlugin } from '../../core/http/csrf.ts';
import { flash } from '../../core/http/flash.ts';
import { headersPlugin } from '../../core/http/headers.ts';
import { refusalsPlugin } from '../../core/http/refusals.ts';
import { createViews, viewsPlugin } from '../../core/http/views.ts';
import { createLog } from '../../core/log.ts';
import { anonymous, pages } from './samples.ts';

export const ORIGIN = 'https://records.example.org';
export const KEY = Buffer.alloc(32, 7);

/** The edge as the program composes it, in the same order, over routes of its own. A request is "signed in" by naming its session in a cookie. */
export async function edgeServer(): Promise<Server> {
  const server = Hapi.server({ debug: false, routes: { payload: { multipart: true } } });
  const sessionId = (request: Request): string | null => {
    const value = cookieOf(request, 'session');
    return typeof value === 'string' ? value : null;
  };
  await server.register([
    { plugin: refusalsPlugin, options: { app: { log: createLog('silent') } as App } },
    { plugin: headersPlugin },
    { plugin: csrfPlugin, options: { key: KEY, origin: ORIGIN, sessionId } },
    { plugin: viewsPlugin, options: { views: createViews(), layout: (request: Request) => ({ ...anonymous, csrfToken: request.csrfToken() }) } },
    { plugin: assetsPlugin },
  ]);
  server.route([
    { method: 'GET', path: '/page', handler: (_request, h) => h.page('pages/error', pages['pages/error']) },
    { method: 'GET', path: '/missing', handler: () => { throw fault('contact.not_found'); } },
    { method: 'GET', path: '/broken', handler: () => { throw new Error('select * from patients where name = Achterberg'); } },
    { method: 'GET', path: '/private', handler: () => { throw fault('session.required'); } },
    { method: 'GET', path: '/api/v1/missing', handler: () => { throw fault('contact.not_found'); } },
    { method: 'GET', path: '/token', handler: (request) => request.csrfToken() },
    { method: 'POST', path: '/save', handler: (request) => ({ payload: request.payload }) },
    { method: 'DELETE', path: '/save', handler: () => ({ gone: true }) },
    { method: '*', path: '/{any*}', handler: () => { throw fault('route.not_found'); } },
    { method: 'POST', path: '/said', handler: (_request, h) => { flash(h, 'success', 'Contact saved.'); return h.redirect('/page').code(303); } },
  ]);
  return server;
}
