// <form data-passkey="register" | "sign-in" data-options="URL" data-verify="URL"> with a submit button and a [data-passkey-said] line.
// POST options → the JSON that @simplewebauthn/server made; POST verify { response, …fields of the form } → { redirect } or problem+json.
// @simplewebauthn/browser is loaded before this file and stands in `SimpleWebAuthnBrowser`.
const { browserSupportsWebAuthn, startAuthentication, startRegistration } = globalThis.SimpleWebAuthnBrowser;

for (const form of document.querySelectorAll('form[data-passkey]')) {
  if (!browserSupportsWebAuthn()) {
    form.hidden = true;
    continue;
  }
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const said = form.querySelector('[data-passkey-said]');
    const button = form.querySelector('button[type="submit"]');
    const { _csrf: token, ...fields } = Object.fromEntries(new FormData(form));
    button.disabled = true;
    said.textContent = 'Waiting for your passkey…';
    try {
      const optionsJSON = await send(form.dataset.options, token, fields);
      const response = form.dataset.passkey === 'register' ? await startRegistration({ optionsJSON }) : await startAuthentication({ optionsJSON });
      const { redirect } = await send(form.dataset.verify, token, { ...fields, response });
      const held = document.querySelector('form[data-held-form]');
      if (held) held.submit();
      else location.assign(redirect);
    } catch (error) {
      said.textContent = explain(error);
      button.disabled = false;
    }
  });
}

async function send(url, token, body) {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json', 'x-csrf-token': token },
    body: JSON.stringify(body),
  });
  const said = await answer.json();
  if (!answer.ok) throw new Error(said.detail ?? said.title);
  return said;
}

function explain(error) {
  if (error.name === 'NotAllowedError') return 'The passkey was not used: the request was cancelled or took too long. Try again.';
  if (error.name === 'InvalidStateError') return 'This device already holds a passkey for your account.';
  return error.message;
}
