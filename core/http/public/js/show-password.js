// Puts a button behind every password field that shows what was typed (NIST SP 800-63B-4 §3.1.1.2; ASVS 5.0 V6.2.6). Hidden again when sent.
for (const field of document.querySelectorAll('input[type="password"]')) {
  const button = document.createElement('button');
  const label = document.querySelector(`label[for="${field.id}"]`)?.textContent?.toLowerCase() ?? 'password';
  const show = (isShown) => {
    field.type = isShown ? 'text' : 'password';
    button.textContent = isShown ? 'Hide' : 'Show';
    button.setAttribute('aria-label', `${button.textContent} ${label}`);
  };
  button.type = 'button';
  button.className = 'button quiet small';
  button.addEventListener('click', () => show(field.type === 'password'));
  field.form?.addEventListener('submit', () => show(false));
  field.spellcheck = false;
  show(false);
  field.after(button);
}
