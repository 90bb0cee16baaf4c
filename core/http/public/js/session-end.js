// A page of patients does not outlive its session on the screen (45 CFR 164.312(a)(2)(iii), automatic logoff): it asks how long there is left, warns,
// and leaves. Asking keeps nothing alive; keys and clicks on this page do, since a long letter is no idling. Other tabs count by what the server
// says. Without script a <noscript> refresh leaves at the limit.
const LOOK_S = 60; // a session ended elsewhere is noticed as soon
const WARN_S = 120; // WCAG 2.2, 2.2.1: 20 seconds at least, and one simple act
const LOOK_WARNED_S = 10;

let endsAt = Infinity;
let usedAt = -Infinity;
let timer;
let warning = null;

for (const type of ['keydown', 'input', 'pointerdown']) addEventListener(type, () => { usedAt = Date.now(); }, { capture: true, passive: true });
// After a sleep timers come late, and so does a page that the browser had put aside.
document.addEventListener('visibilitychange', () => { if (!document.hidden) look(); });
addEventListener('pageshow', ({ persisted }) => { if (persisted) look(); });
look();

async function look() {
  const isUsed = Date.now() - usedAt < LOOK_S * 1000;
  const left = await ask(isUsed ? '/session/stay' : '/session/left');
  if (left !== null) endsAt = Date.now() + left.seconds * 1000;
  if (secondsLeft() <= 0) return leave();
  const isNear = secondsLeft() <= WARN_S;
  if (isNear && warning === null) warning = warn(left?.mayStay ?? true);
  if (!isNear) {
    warning?.close();
    warning = null;
  }
  clearTimeout(timer); // two may have asked at once
  timer = setTimeout(look, Math.min(isNear ? LOOK_WARNED_S : LOOK_S, secondsLeft()) * 1000);
}

/** Null where nobody answers: then what was last known holds. */
async function ask(path) {
  try {
    const answer = await fetch(path, { headers: { accept: 'application/json' } });
    if (answer.status === 401) return { seconds: 0 };
    return answer.ok ? await answer.json() : null;
  } catch {
    return null;
  }
}

const secondsLeft = () => Math.ceil((endsAt - Date.now()) / 1000);

/** The server asks for a new sign-in, and leads back here. */
function leave() {
  document.body.hidden = true;
  location.replace(location.pathname + location.search);
}

function warn(mayStay) {
  const dialog = document.createElement('dialog');
  dialog.className = 'dialog';
  dialog.setAttribute('role', 'alertdialog');
  const title = element('h2', mayStay ? 'Still there?' : 'This session ends soon');
  title.id = 'session-end-title';
  const text = element('p', mayStay ? 'Nobody has used this page for a while. So that no one else sees patients’ data, you will be signed out in ' : 'A session ends at its limit, however much it is used. Save what you are writing: you will be asked to sign in again in ');
  text.id = 'session-end-text';
  const clock = element('strong', '');
  clock.setAttribute('role', 'timer'); // read out when asked for, not every second
  text.append(clock, '.');
  dialog.setAttribute('aria-labelledby', title.id);
  dialog.setAttribute('aria-describedby', text.id);
  const bar = element('div', '');
  bar.className = 'button-bar';
  const stay = element('button', mayStay ? 'Stay signed in' : 'Understood');
  stay.type = 'button';
  stay.className = 'button primary';
  stay.addEventListener('click', () => dialog.close());
  bar.append(stay);
  dialog.append(title, text, bar);
  const tick = () => {
    const left = Math.max(secondsLeft(), 0);
    clock.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, '0')}`;
  };
  tick();
  const ticking = setInterval(tick, 1000);
  dialog.addEventListener('close', () => {
    clearInterval(ticking);
    dialog.remove();
    if (mayStay) look(); // the click, or the key that closed it, was a use
  });
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

function element(name, text) {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
}
