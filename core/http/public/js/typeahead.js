// ARIA combobox (APG, list autocomplete) over a plain search form. <form data-suggest="/contacts/suggest"> holds one input; the address
// answers a POST with JSON [{ id, href, name, birthDate?, detail }], since Trusted Types forbids parsing strings into markup.
// The query travels in the body: a patient's name has no place in a URL.
const WAIT_MS = 120;
const SHORTEST = 2;

for (const form of document.querySelectorAll('form[data-suggest]')) attach(form);

function attach(form) {
  const input = form.querySelector('input[type="search"]');
  const list = document.createElement('ul');
  list.id = `${input.id}-list`;
  list.className = 'suggest-list';
  list.hidden = true;
  list.setAttribute('role', 'listbox');
  list.setAttribute('aria-label', 'Matching contacts');
  const status = document.createElement('div');
  status.className = 'sr-only';
  status.setAttribute('role', 'status');
  form.append(list, status);
  for (const [name, value] of [['role', 'combobox'], ['aria-autocomplete', 'list'], ['aria-expanded', 'false'], ['aria-controls', list.id], ['autocomplete', 'off']]) input.setAttribute(name, value);

  let timer;
  let running;

  const options = () => [...list.querySelectorAll('[role="option"]')];
  const chosen = () => list.querySelector('[aria-selected="true"]');

  function close() {
    list.hidden = true;
    input.setAttribute('aria-expanded', 'false');
    input.removeAttribute('aria-activedescendant');
  }

  function choose(option) {
    chosen()?.setAttribute('aria-selected', 'false');
    if (!option) return input.removeAttribute('aria-activedescendant');
    option.setAttribute('aria-selected', 'true');
    option.scrollIntoView({ block: 'nearest' });
    input.setAttribute('aria-activedescendant', option.id);
  }

  function step(by) {
    const all = options();
    if (all.length === 0) return;
    const at = all.indexOf(chosen());
    choose(all[(at + by + all.length + (at < 0 && by < 0 ? 1 : 0)) % all.length]);
  }

  async function look() {
    running?.abort();
    const query = input.value.trim();
    if (query.length < SHORTEST) return close();
    running = new AbortController();
    const { signal } = running;
    const body = new URLSearchParams(new FormData(form));
    let answer;
    try {
      answer = await fetch(form.dataset.suggest, { method: 'POST', body, signal });
    } catch {
      return; // superseded by a newer keystroke, or offline: the form still works
    }
    if (answer.status === 401) return location.assign(location.pathname + location.search); // signed out meanwhile: let the server say so
    if (!answer.ok || signal.aborted) return;
    const found = await answer.json();
    list.replaceChildren(...(found.length > 0 ? found.map(optionOf) : [nothing()]));
    const count = options().length;
    status.textContent = count === 0 ? 'No matching contacts' : `${count} matching contacts, use the arrow keys`;
    list.hidden = false;
    input.setAttribute('aria-expanded', 'true');
    input.removeAttribute('aria-activedescendant');
  }

  input.addEventListener('input', () => {
    clearTimeout(timer);
    timer = setTimeout(look, WAIT_MS);
  });
  input.addEventListener('keydown', (event) => {
    if (event.key === 'ArrowDown' && list.hidden) look();
    else if (event.key === 'ArrowDown') step(1);
    else if (event.key === 'ArrowUp') step(-1);
    else if (event.key === 'Escape' && !list.hidden) close();
    else if (event.key === 'Enter' && chosen() && !list.hidden) location.assign(chosen().dataset.href);
    else return;
    event.preventDefault();
  });
  list.addEventListener('mousedown', (event) => event.preventDefault()); // the input keeps the focus
  list.addEventListener('click', (event) => {
    const option = event.target.closest('[role="option"]');
    if (option) location.assign(option.dataset.href);
  });
  input.addEventListener('blur', close);
}

function optionOf(item) {
  const option = document.createElement('li');
  option.setAttribute('role', 'option');
  option.setAttribute('aria-selected', 'false');
  option.id = `contact-${item.id}`;
  option.dataset.href = item.href;
  for (const [className, text] of [['main', item.name], ['small nowrap', item.birthDate ?? ''], ['small muted', item.detail]]) {
    const span = document.createElement('span');
    span.className = className;
    span.textContent = text;
    option.append(span);
  }
  return option;
}

function nothing() {
  const line = document.createElement('li');
  line.className = 'suggest-empty';
  line.setAttribute('role', 'presentation');
  line.textContent = 'No matching contacts';
  return line;
}
