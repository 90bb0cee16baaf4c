// <form data-confirm="Question" data-confirm-action="Word on the button">: asks in a dialog before it sends. Without script the route's own
// confirmation page asks; the field `confirmed` tells it that the question was answered here.
for (const form of document.querySelectorAll('form[data-confirm]')) {
  form.addEventListener('submit', (event) => {
    if (form.dataset.confirmed) return;
    event.preventDefault();
    ask(form, event.submitter);
  });
}

function ask(form, submitter) {
  const dialog = document.createElement('dialog');
  dialog.className = 'dialog';
  const question = document.createElement('p');
  question.textContent = form.dataset.confirm;
  question.id = 'confirm-question';
  dialog.setAttribute('aria-labelledby', question.id);
  const bar = document.createElement('div');
  bar.className = 'button-bar';
  const go = button(form.dataset.confirmAction ?? 'Continue', 'button danger');
  const stay = button('Cancel', 'button');
  go.addEventListener('click', () => {
    form.dataset.confirmed = 'yes';
    const field = document.createElement('input');
    field.type = 'hidden';
    field.name = 'confirmed';
    field.value = 'yes';
    form.append(field);
    dialog.close();
    form.requestSubmit(submitter ?? undefined);
  });
  stay.addEventListener('click', () => dialog.close());
  dialog.addEventListener('close', () => dialog.remove());
  bar.append(go, stay);
  dialog.append(question, bar);
  document.body.append(dialog);
  dialog.showModal();
  stay.focus();
}

function button(text, className) {
  const made = document.createElement('button');
  made.type = 'button';
  made.className = className;
  made.textContent = text;
  return made;
}
