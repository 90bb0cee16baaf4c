import type { Request } from '@hapi/hapi';

/**
 * A form that met `access.step_up_required`: what it said is carried through the confirmation in hidden fields and sent again by one button,
 * so that nobody types it twice. Passwords and uploads are not carried; their pages ask before the form is filled in.
 */
export type HeldForm = { readonly action: string; readonly fields: readonly { readonly name: string; readonly value: string }[] };

const HELD_BYTES_MAX = 64 * 1024;
const NEVER_HELD = /password|^_csrf$|^code$/i;

export function holdForm(request: Request): HeldForm | null {
  const isForm = /^application\/x-www-form-urlencoded/i.test(String(request.headers['content-type'] ?? ''));
  const { payload } = request;
  if (!isForm || typeof payload !== 'object' || payload === null) return null;
  const fields = Object.entries(payload as Record<string, unknown>)
    .filter(([name]) => !NEVER_HELD.test(name))
    .flatMap(([name, value]) => [value].flat().map((each) => ({ name, value: String(each) })));
  return JSON.stringify(fields).length > HELD_BYTES_MAX ? null : { action: request.path, fields };
}

/** From the step-up form's own hidden field. Null for what is not one of ours; it only ever becomes a form that a person must send. */
export function readHeldForm(text: string): HeldForm | null {
  if (text === '') return null;
  try {
    const { action, fields } = JSON.parse(text) as { action: unknown; fields: unknown };
    if (typeof action !== 'string' || !/^\/(?![/\\])[\w/-]*$/.test(action) || !Array.isArray(fields)) return null;
    return { action, fields: fields.map(({ name, value }: { name: unknown; value: unknown }) => ({ name: String(name), value: String(value) })).filter(({ name }) => !NEVER_HELD.test(name)) };
  } catch {
    return null;
  }
}
