import Handlebars from 'handlebars';
import type { Plugin, Request, ResponseObject } from '@hapi/hapi';
import { assetUrl } from './assets.ts';
import { flashPlugin, takeFlashes } from './flash.ts';
import type { Flash } from './flash.ts';
import { calendarDate, formatAge, formatAgo, formatDate, formatDateTime, formatTime } from './formats.ts';
import { iconMarkup } from './icons.ts';
import { listAssets, readAsset } from '../read-asset.ts';
import { themeOf, themePlugin } from './theme.ts';
import type { Theme } from './theme.ts';

/** What a page shows around its own content; templates and partials reach it everywhere as `@layout`. */
export type LayoutContext = {
  /** The signed-in person; null on pages before sign-in. */
  person: { name: string; email: string; role: string } | null;
  workspace: { name: string; slug: string } | null;
  /** After as long without a request the session has lapsed. */
  idleSeconds: number | null;
  /** Capability flags that open the side navigation's entries, and `manage` the forms of Administration, which a security officer reads. */
  can: Partial<Record<'contacts' | 'appointments' | 'tasks' | 'documents' | 'waiting' | 'audit' | 'trust' | 'admin' | 'manage', boolean>>;
  /** Entries that plugins add to the side navigation and to the tabs of Administration. */
  pluginLinks: { main: readonly { href: string; label: string; icon: string }[]; admin: readonly { href: string; label: string; icon: string }[] };
  /** Masked token for forms and `X-CSRF-Token`; a fresh mask on every page. */
  csrfToken: string;
  /** IANA zone in which moments are written. */
  timeZone: string;
  /** True in the demo: shows the strip that says the patients are invented. */
  demo: boolean;
  theme: Theme;
  flashes: readonly Flash[];
  requestId: string;
  /** Path and query of this page, for forms that return to it. */
  here: string;
};

/** The part of the layout that the program knows and this file does not. */
export type LayoutSource = (request: Request) => Pick<LayoutContext, 'person' | 'workspace' | 'idleSeconds' | 'can' | 'csrfToken' | 'timeZone' | 'demo' | 'pluginLinks'>;

export type Views = {
  /** A page or fragment as HTML. Throws on an unknown template and on any field the template names and the context lacks. */
  render(name: string, context: object, layout: LayoutContext): string;
  names(): string[];
};

declare module '@hapi/hapi' {
  interface ResponseToolkit {
    /** A whole page with its layout. */
    page(name: string, context?: object): ResponseObject;
  }
}

const HELPERS = {
  asset: (name: string) => assetUrl(name),
  icon: (name: string) => trustHtml(iconMarkup(name)),
  date: (value: string | Date, options: Handlebars.HelperOptions) => formatDate(value, layoutOf(options).timeZone),
  time: (value: string | Date, options: Handlebars.HelperOptions) => formatTime(value, zoneOf(options)),
  dateTime: (value: string | Date, options: Handlebars.HelperOptions) => formatDateTime(value, zoneOf(options)),
  ago: (value: string | Date) => formatAgo(value, Date.now()),
  age: (bornOn: string, options: Handlebars.HelperOptions) => formatAge(bornOn, calendarDate(Date.now(), layoutOf(options).timeZone)),
  number: (value: number) => value.toLocaleString('en-US'),
  eq: (left: unknown, right: unknown) => left === right,
  /** True if the object or list has anything in it. */
  any: (value: object | null | undefined) => value !== null && value !== undefined && Object.keys(value).length > 0,
  either: (left: unknown, right: unknown) => Boolean(left) || Boolean(right),
  choose: (test: unknown, yes: string, no: string) => (test ? yes : no),
  concat: (...parts: unknown[]) => parts.slice(0, -1).join(''),
  /** A value set into an address's query. */
  query: (value: string) => encodeURIComponent(value),
  iso: (value: string | Date) => (typeof value === 'string' ? value : value.toISOString()),
  /** Up to two letters for the round mark beside a name. */
  initials: (name: string) => name.split(/\s+/).map((word) => [...word][0] ?? '').filter((letter) => /\p{L}/u.test(letter)).filter((_letter, at, all) => at === 0 || at === all.length - 1).join('').toUpperCase(),
};

const layoutOf = (options: Handlebars.HelperOptions): LayoutContext => options.data.layout;
const zoneOf = (options: Handlebars.HelperOptions): string => options.hash['zone'] ?? layoutOf(options).timeZone;

const COMPILE: CompileOptions = {
  strict: true, // a field the route forgot is an error in a test, not a hole in a page
  knownHelpers: Object.fromEntries(Object.keys(HELPERS).map((name) => [name, true])),
  knownHelpersOnly: true,
  explicitPartialContext: true, // a partial sees what it is handed; otherwise a page's `error` or `hint` would leak into every field
  preventIndent: true,
};

/**
 * Marks markup as safe to print unescaped. The only way past escaping: `{{{…}}}` and `{{&…}}` do not compile.
 * Hand in nothing but markup that this program built out of escaped or allow-listed parts.
 */
export function trustHtml(markup: string): Handlebars.SafeString {
  return new Handlebars.SafeString(markup);
}

/** @throws Error on a template that cannot be read or prints unescaped; `path` is what the message calls it */
export function checkTemplate(path: string, text: string): void {
  new EscapeCheck(path).accept(Handlebars.parse(text, { srcName: path }));
}

/**
 * `others`: templates by name that come from elsewhere, such as operators' plugins, checked at once. Our own are checked and compiled with their
 * first use, since the trees of them all are 5 MB.
 */
export function createViews(others: ReadonlyMap<string, string> = new Map()): Views {
  const handlebars = Handlebars.create();
  handlebars.registerHelper(HELPERS);
  const pages = new Map<string, Handlebars.TemplateDelegate>();

  const add = (name: string, path: string, text: string): void => {
    if (pages.has(name)) throw new Error(`Two templates are called "${name}".`);
    let compiled: Handlebars.TemplateDelegate | undefined;
    const compile = (): Handlebars.TemplateDelegate => {
      checkTemplate(path, text);
      return handlebars.compile(text, COMPILE); // of the text: what is compiled of a tree holds on to the tree
    };
    const template: Handlebars.TemplateDelegate = (context, options) => (compiled ??= compile())(context, options);
    pages.set(name, template);
    handlebars.registerPartial(name.replace(/^partials\//, ''), template);
  };
  for (const [name, path] of templateFiles()) add(name, path, readAsset(path).toString('utf8'));
  for (const [name, text] of others) {
    checkTemplate(`${name}.hbs`, text);
    add(name, `${name}.hbs`, text);
  }

  return {
    render(name, context, layout) {
      const template = pages.get(name);
      if (!template) throw new Error(`No template is called "${name}". Templates lie in templates/, core/**/views/ and plugins/*/templates/.`);
      return template(context, { data: { layout } });
    },
    names: () => [...pages.keys()],
  };
}

/** `h.page(name, context)`: renders with what the request knows of its person, session and theme. */
export const viewsPlugin: Plugin<{ views: Views; layout: LayoutSource }> = {
  name: 'wardkeep-views',
  async register(server, { views, layout }) {
    await server.register([flashPlugin, themePlugin]);
    server.decorate('toolkit', 'page', function page(name: string, context: object = {}) {
      const html = views.render(name, context, { ...layout(this.request), ...layoutOfRequest(this.request) });
      return this.response(html).type('text/html');
    });
  },
};

function layoutOfRequest(request: Request): Pick<LayoutContext, 'theme' | 'flashes' | 'requestId' | 'here'> {
  const here = request.method === 'get' ? request.path + request.url.search : request.path;
  return { theme: themeOf(request), flashes: takeFlashes(request), requestId: request.info.id, here };
}

/** Name → file. `templates/pages/error.hbs` is `pages/error`; `core/practice/contacts/views/list.hbs` is `contacts/list`. */
function templateFiles(): Map<string, string> {
  const found = new Map<string, string>();
  const add = (name: string, path: string): void => {
    const taken = found.get(name);
    if (taken) throw new Error(`Two templates are called "${name}": ${taken} and ${path}. Rename one.`);
    found.set(name, path);
  };
  // Mail has a composer of its own (core/mail): plain text first, nothing from a page's layout.
  for (const path of listAssets('templates', '.hbs')) if (!path.startsWith('templates/mail/')) add(path.slice('templates/'.length).replace(/\.hbs$/, ''), path);
  for (const path of [...listAssets('core', '.hbs'), ...listAssets('plugins', '.hbs')]) {
    const match = /([^/]+)\/(?:views|templates)\/(.+)\.hbs$/.exec(path);
    if (match) add(`${match[1]}/${match[2]}`, path);
  }
  return found;
}

class EscapeCheck extends Handlebars.Visitor {
  readonly path: string;

  constructor(path: string) {
    super();
    this.path = path;
  }

  override MustacheStatement(mustache: hbs.AST.MustacheStatement): void {
    if (!mustache.escaped) throw new Error(`${this.path}:${mustache.loc.start.line} prints unescaped; use {{…}}, and trustHtml() for markup that is safe by construction.`);
    super.MustacheStatement(mustache);
  }
}
