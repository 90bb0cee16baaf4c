import t from 'tap';
import { createViews } from '../../core/http/views.ts';
import { anonymous, anonymousPages, contactTabPages, layout, pages } from './samples.ts';

const views = createViews();

t.test('every page renders with the context its comment names', async (t) => {
  for (const [name, context] of Object.entries(pages)) t.match(views.render(name, context, layout), /<\/html>/, name);
  for (const [name, context] of Object.entries(anonymousPages)) t.match(views.render(name, context, anonymous), /<\/html>/, name);
  for (const [tab, context] of Object.entries(contactTabPages)) t.match(views.render('contacts/page', context, layout), /<\/html>/, `contact tab ${tab}`);
});
