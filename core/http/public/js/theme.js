// Marks the root so that styles know a script runs, switches the theme without leaving the page, and closes open menus.
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

// Whoever sent a form with faults hears of them first (WCAG 3.3.1).
const summary = document.querySelector('[data-error-summary]');
// A refusal is said in the words of its rule; which field it is about, the field's label says.
for (const link of summary?.querySelectorAll('a[href^="#f-"]') ?? []) {
  const label = document.getElementById(link.hash.slice(1))?.labels?.[0]?.firstChild?.textContent?.trim();
  if (label) link.prepend(`${label}: `);
}
summary?.focus();
