/**
 * Every mail Wardkeep can send and all it can carry. A mail leaves the house unencrypted end to end, so none may hold PHI: subjects are
 * fixed texts, and the context of each template is this closed list (45 CFR 164.312(e)(1); nothing here names a patient, a date or a finding).
 */
export type MailContexts = {
  /** Somebody was invited to a workspace. */
  invitation: { workspace: string; firstName: string; link: string; days: number };
  'password-reset': { firstName: string; link: string; minutes: number };
  /** A sign-in from a browser not seen before; `link` leads to the list of sessions. */
  'new-sign-in': { workspace: string; firstName: string; link: string };
  /** Password, second factors or recovery codes were set up or changed, by the person or an administrator, or a recovery code was used. */
  'sign-in-changed': { workspace: string; firstName: string; link: string };
  /** After too many wrong passwords in a row the right one is taken from known browsers only; `link` leads to where another one is asked for. */
  'password-guessed': { workspace: string; firstName: string; link: string };
  /** A date in the agreement register comes up; with whom the agreement is stands behind `link`. */
  'agreement-reminder': { workspace: string; firstName: string; link: string; daysLeft: number };
  /** Where passwords are off, in place of a link to choose one; `link` leads to the provider. */
  'provider-only': { workspace: string; firstName: string; link: string };
  /** Where passwords are off, the one that is kept for emergencies was used; `link` leads to the audit log. */
  'break-glass': { workspace: string; firstName: string; link: string };
};

export type MailTemplate = keyof MailContexts;

/** `to` is a bare address; a name beside it could be a patient's. */
export type MailMessage = { [T in MailTemplate]: { to: string; template: T; context: MailContexts[T] } }[MailTemplate];

type Field = 'workspace' | 'firstName' | 'link' | 'minutes' | 'days' | 'daysLeft';

/** The same lists at run time: what the compiler promised, held again where data comes from a job's payload. */
export const MAIL_FIELDS: { readonly [T in MailTemplate]: readonly Field[] } = {
  invitation: ['workspace', 'firstName', 'link', 'days'],
  'password-reset': ['firstName', 'link', 'minutes'],
  'new-sign-in': ['workspace', 'firstName', 'link'],
  'sign-in-changed': ['workspace', 'firstName', 'link'],
  'password-guessed': ['workspace', 'firstName', 'link'],
  'agreement-reminder': ['workspace', 'firstName', 'link', 'daysLeft'],
  'provider-only': ['workspace', 'firstName', 'link'],
  'break-glass': ['workspace', 'firstName', 'link'],
};

/**
 * Checks a context against its template's list.
 * @throws TypeError naming the field, never its value: a caller passed something that no mail may carry.
 */
export function checkContext(template: MailTemplate, context: Readonly<Record<string, unknown>>, origin: string): Record<Field, string> {
  const fields: readonly Field[] | undefined = Object.hasOwn(MAIL_FIELDS, template) ? MAIL_FIELDS[template] : undefined;
  if (!fields) throw new TypeError('There is no mail template of that name');
  for (const name of Object.keys(context)) {
    if (!(fields as readonly string[]).includes(name)) throw new TypeError(`Mail ${template} may not carry ${name}`);
  }
  const checked = {} as Record<Field, string>;
  for (const field of fields) {
    const value = CHECKS[field](context[field], origin);
    if (value === null) throw new TypeError(`Mail ${template} needs a valid ${field}`);
    checked[field] = value;
  }
  return checked;
}

const CHECKS: Record<Field, (value: unknown, origin: string) => string | null> = {
  // Whatever a practice calls itself, its people hear of it: what no line of a mail may hold is a space.
  workspace: (value) => (typeof value === 'string' && value.length <= 120 ? value.replace(/[\p{C}<>]+/gu, ' ').trim() || null : null),
  // A name that looks like an address would be turned into a link by mail readers: such a person is greeted without it.
  firstName: (value) => (typeof value !== 'string' ? null : /^[\p{L}\p{M}][\p{L}\p{M}'’ -]{0,59}$/u.test(value) ? value : ''),
  // Links lead home only; RFC 3986 origin, so no look-alike prefix passes.
  link: (value, origin) => (typeof value === 'string' && URL.parse(value)?.origin === origin ? new URL(value).href : null),
  minutes: (value) => (typeof value === 'number' && Number.isInteger(value) && value > 0 && value <= 43_200 ? String(value) : null),
  days: (value) => (typeof value === 'number' && Number.isInteger(value) && value > 0 && value <= 30 ? String(value) : null),
  daysLeft: (value) => (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > 366 ? null : value === 0 ? 'today' : value === 1 ? 'in 1 day' : `in ${value} days`),
};
