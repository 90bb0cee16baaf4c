// <button data-copy="id of the element whose text is copied">; the outcome is said to screen readers by a live region beside it.
for (const button of document.querySelectorAll('button[data-copy]')) {
  button.addEventListener('click', async () => {
    const source = document.getElementById(button.dataset.copy);
    const said = button.querySelector('[data-copy-said]');
    try {
      await navigator.clipboard.writeText(source.innerText.trim());
      said.textContent = 'Copied';
    } catch {
      getSelection().selectAllChildren(source); // no clipboard permission: leave it selected for Ctrl-C
      said.textContent = 'Selected';
    }
    setTimeout(() => { said.textContent = 'Copy'; }, 2500);
  });
}

for (const button of document.querySelectorAll('button[data-print]')) button.addEventListener('click', () => print());
