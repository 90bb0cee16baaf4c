import { fileURLToPath } from 'node:url';
import { CONTRACT } from '../plugin.ts';

const CONTRACT_FILE = fileURLToPath(new URL('../plugin.ts', import.meta.url));

/** The files of a new plugin, which passes the conformance kit as it is. */
export function scaffold(name: string): Record<string, string> {
  const title = name.replaceAll('-', ' ').replace(/^./, (letter) => letter.toUpperCase());
  return {
    'index.ts': `import { authorize, definePlugin, Joi, record, scopeOf, settingsOf } from 'wardkeep/plugin';

type Settings = { greeting: string };

export default definePlugin<Settings>({
  contract: ${CONTRACT},
  name: '${name}',
  version: '0.1.0',
  title: '${title}',
  summary: 'Says in one sentence what it does for a practice.',
  tier: 'free',
  phi: 'none', // none: never sees patients' data · transit: passes it on · store: keeps it
  subprocessors: [], // whoever else gets data: { name, purpose, location }
  settings: Joi.object<Settings>({
    greeting: Joi.string().max(80).required().label('Greeting'),
  }).example({ greeting: 'Good morning' }), // what the conformance kit switches it on with
  capabilities: { '${name}.page.read': { roles: ['ADMIN', 'MANAGER'] } },
  auditActions: ['${name}.page.opened'],
  nav: [{ place: 'admin', label: '${title}', path: '/', capability: '${name}.page.read' }],
  async health() {
    return { ok: true, text: 'Ready.' };
  },
  register(server, deps) {
    server.route({
      method: 'GET', path: '/',
      handler: async (request, h) => h.page('${name}/page', await deps.withWorkspace(scopeOf(request), async (tx) => {
        authorize(tx, '${name}.page.read');
        record(tx, { action: '${name}.page.opened' });
        return { greeting: (await settingsOf<Settings>(tx, '${name}')).greeting };
      })),
    });
  },
});
`,
    'templates/page.hbs': `{{!-- { greeting } --}}
{{#> layouts/app this pageTitle="${title}" section="admin"}}
<div class="page-head"><h1>Administration</h1></div>
{{> admin-tabs tab="/plugins/${name}"}}
<p>{{greeting}}</p>
{{/layouts/app}}
`,
    'tsconfig.json': `${JSON.stringify({
      compilerOptions: {
        target: 'es2024', module: 'nodenext', strict: true, noEmit: true, skipLibCheck: true, erasableSyntaxOnly: true, verbatimModuleSyntax: true, allowImportingTsExtensions: true,
        paths: { 'wardkeep/plugin': [CONTRACT_FILE] },
      },
    }, null, 2)}\n`,
    'README.md': `# ${title}\n\nWhat it does, what it sends to whom, what it keeps, and how to set it up.\n`,
  };
}
