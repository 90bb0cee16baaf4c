import t from 'tap';
import { checkTemplate, createViews, trustHtml } from '../../core/http/views.ts';
import { listAssets, readAsset, useAssetSource } from '../../core/read-asset.ts';
import { anonymous, anonymousPages, contactTabPages, layout, pages } from './samples.ts';

const views = createViews();
const HOSTILE = `"><script>alert('x')</script>&`;

t.test('every page renders with the context its comment names', async (t) => {
  for (const [name, context] of Object.entries(pages)) t.match(views.render(name, context, layout), /<\/html>/, name);
  for (const [name, context] of Object.entries(anonymousPages)) t.match(views.render(name, context, anonymous), /<\/html>/, name);
  for (const [tab, context] of Object.entries(contactTabPages)) t.match(views.render('contacts/page', context, layout), /<\/html>/, `contact tab ${tab}`);
});

t.test('every page of the core has a sample: a page without one is in no test here', async (t) => {
  for (const path of ['templates', 'core'].flatMap((folder) => listAssets(folder, '.hbs'))) {
    if (!/\{\{#> layouts\/(app|gate) /.test(readAsset(path).toString('utf8')) || path.startsWith('templates/layouts/') || path === 'templates/styleguide.hbs') continue;
    const name = path.replace(/^templates\/|^core\/.*?([^/]+)\/views\//, '$1/').replace(/^\/|\.hbs$/g, '');
    t.ok(name in pages || name in anonymousPages, name);
  }
});

t.test('every template passes the check of its first use', async (t) => {
  const paths = ['templates', 'core', 'plugins'].flatMap((folder) => listAssets(folder, '.hbs'));
  t.ok(paths.length >= views.names().length, 'they are found');
  for (const path of paths) t.doesNotThrow(() => checkTemplate(path, readAsset(path).toString('utf8')), path);
});

t.test('no page breaks its own content security policy', async (t) => {
  const every = [...Object.entries(pages), ...Object.entries(anonymousPages), ...Object.values(contactTabPages).map((context) => ['contacts/page', context] as const)];
  for (const [name, context] of every) {
    const html = views.render(name, context, layout);
    t.notMatch(html, /\son[a-z]+=|\sstyle=|<style|javascript:/i, `${name}: nothing inline`);
    t.equal([...html.matchAll(/<script(?![^>]*\ssrc="\/assets\/)/g)].length, 0, `${name}: scripts come from hashed assets`);
    for (const [form] of html.matchAll(/<form[^>]*method="post"(?! action="\/theme")[\s\S]*?<\/form>/g)) t.match(form, /name="_csrf"/, `${name}: a form that changes something carries a token`);
  }
});

t.test('no title holds what a patient is called: browsers keep titles in their history', async (t) => {
  for (const [name, context] of [...Object.entries(pages), ...Object.values(contactTabPages).map((tab) => ['contacts/page', tab] as const)]) {
    const [, title] = /<title>([^<]*)<\/title>/.exec(views.render(name, context, layout)) ?? [];
    t.notMatch(title, /Achterberg|Groot/, name);
  }
});

t.test('whatever a context holds is text', async (t) => {
  const context = structuredClone(pages['contacts/list']) as { contacts: { name: string; tags: string[] }[]; search: { q: string } };
  context.contacts = context.contacts.map((contact) => ({ ...contact, name: HOSTILE, tags: [HOSTILE] }));
  context.search.q = HOSTILE;
  const html = views.render('contacts/list', context, { ...layout, flashes: [{ kind: 'info', text: HOSTILE }] });
  t.notMatch(html, '<script>alert');
  t.match(html, 'value="&quot;&gt;&lt;script&gt;alert(&#x27;x&#x27;)&lt;/script&gt;&amp;"');
});

t.test('a field that a page prints and its context lacks is an error', async (t) => {
  t.throws(() => views.render('contacts/list', { ...pages['contacts/list'], contacts: [{ id: '1' }] }, layout), /not defined/);
  t.throws(() => views.render('contacts/nowhere', {}, layout), /No template is called "contacts\/nowhere"/);
});

t.test('a partial sees only what it is handed', async (t) => {
  const form = { contact: null, ...pages['contacts/form'], hint: 'a page field called hint', error: 'a page field called error' };
  t.notMatch(views.render('contacts/form', form, layout), 'a page field called');
});

t.test('templates', async (t) => {
  const disk = { read: readAsset, list: listAssets };
  const own = new Map<string, string>();
  const put = (files: Record<string, string>): void => {
    own.clear();
    for (const [path, text] of Object.entries(files)) own.set(path, text);
    useAssetSource({ read: (path) => Buffer.from(own.get(path) ?? ''), list: (folder, ending) => [...own.keys()].filter((path) => path.startsWith(`${folder}/`) && path.endsWith(ending)) });
  };
  t.teardown(() => useAssetSource(disk));

  put({ 'templates/a.hbs': '{{{x}}}' });
  t.throws(() => createViews().render('a', { x: '' }, layout), /templates\/a\.hbs:1 prints unescaped/, 'triple braces do not compile');
  put({ 'templates/a.hbs': '{{#if x}}\n{{& x}}{{/if}}' });
  t.throws(() => createViews().render('a', { x: '' }, layout), /templates\/a\.hbs:2 prints unescaped/, 'nor does the ampersand form, at any depth');
  put({});
  t.throws(() => createViews(new Map([['other/b', '{{{x}}}']])), /other\/b\.hbs:1 prints unescaped/, 'and what an operator brings is refused at the start');
  put({ 'templates/contacts/list.hbs': '', 'core/practice/contacts/views/list.hbs': '' });
  t.throws(() => createViews(), /Two templates are called "contacts\/list"/);

  put({ 'core/practice/contacts/views/one.hbs': '{{> plugin/two x=x}}', 'plugins/plugin/templates/two.hbs': '<b>{{x}}</b>', 'templates/partials/three.hbs': '' });
  const packed = createViews();
  t.equal(packed.render('contacts/one', { x: '<i>' }, layout), '<b>&lt;i&gt;</b>', 'feature and plugin folders are found through the asset source');
  t.equal(packed.render('contacts/one', { x: trustHtml('<i>') }, layout), '<b><i></b>', 'markup made by the program passes when it says so');
});
