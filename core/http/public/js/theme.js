// What every page has: the root marked so that styles know a script runs, the theme, menus that close, forms that are sent once, faults that are heard first.
document.documentElement.dataset.js = '';

for (const form of document.querySelectorAll('form[data-theme-form]')) {
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const chosen = event.submitter?.value ?? 'auto';
    const body = new URLSearchParams(new FormData(form));
    body.set('theme', chosen);
    const answer = await fetch(form.action, { method: 'POST', body, redirect: 'manual' });
    if (answer.type !== 'opaqueredirect') return form.submit();
    document.documentElement.dataset.theme = chosen;
    for (const button of form.querySelectorAll('button')) button.setAttribute('aria-pressed', String(button.value === chosen));
  });
}

addEventListener('click', (event) => {
  for (const menu of document.querySelectorAll('details.menu[open]')) if (!menu.contains(event.target)) menu.open = false;
});
addEventListener('keydown', (event) => {
  if (event.key !== 'Escape') return;
  for (const menu of document.querySelectorAll('details.menu[open]')) {
    menu.open = false;
    menu.querySelector('summary').focus();
  }
});

// On a phone the sections and the tabs are strips that scroll: the current one is brought into each.
for (const strip of document.querySelectorAll('.nav ul, .tabs')) {
  const current = strip.querySelector('[aria-current]');
  if (current) strip.scrollLeft += current.getBoundingClientRect().left - strip.getBoundingClientRect().left - (strip.clientWidth - current.offsetWidth) / 2;
}

// A second click while the first is under way would write everything twice. What is not the same, or comes later, is sent: a file that was sent
// for leaves the page where it is. Bubbled up to here: a form that a script of its own holds back has not been sent.
const SAME_WITHIN_MS = 10_000;
const sent = new WeakMap();
addEventListener('submit', (event) => {
  const { target: form, submitter, timeStamp: at } = event;
  if (event.defaultPrevented || form.method !== 'post') return;
  const body = new URLSearchParams([...new FormData(form, submitter)].map(([name, value]) => [name, typeof value === 'string' ? value : value.name])).toString();
  const last = sent.get(form);
  if (last !== undefined && last.body === body && at - last.at < SAME_WITHIN_MS) event.preventDefault();
  else sent.set(form, { body, at });
});

// Whoever sent a form with faults, or was overtaken by a colleague, hears of that first (WCAG 3.3.1).
const summary = document.querySelector('[data-error-summary]');
// A refusal is said in the words of its rule; which field it is about, the field's label says.
for (const link of summary?.querySelectorAll('a[href^="#f-"]') ?? []) {
  const label = document.getElementById(link.hash.slice(1))?.labels?.[0]?.firstChild?.textContent?.trim();
  if (label) link.prepend(`${label}: `);
}
(document.querySelector('[data-heard-first]') ?? summary)?.focus();
