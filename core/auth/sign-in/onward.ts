import type { ResponseObject, ResponseToolkit } from '@hapi/hapi';

/** Instead of a page that would ask for a password which is not wanted here. */
export function askNoPassword(h: ResponseToolkit, href: string, title: string): ResponseObject {
  return h.page('auth/onward', { href, title, text: 'Your workspace signs in with its own provider. There is no password to set here.' });
}

/**
 * The answer to a form after which the browser goes on to another site. A redirect would be part of the form's own navigation, and the pages'
 * policy lets forms lead nowhere but here (CSP3 §6.4.1, form-action); `Refresh` begins a navigation of its own.
 */
export function leaveTo(h: ResponseToolkit, href: string, title: string, text: string): ResponseObject {
  return h.page('auth/onward', { href, title, text }).header('refresh', `0; url=${href}`);
}
