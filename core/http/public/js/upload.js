// <form data-upload="MB"> with a .drop zone around its file input: files may be dropped, and sending shows its progress. The route answers
// as to a plain form, with a redirect to the page that shows the outcome.
for (const form of document.querySelectorAll('form[data-upload]')) attach(form);

function attach(form) {
  const zone = form.querySelector('.drop');
  const input = zone.querySelector('input[type="file"]');
  const chosen = form.querySelector('[data-upload-chosen]');
  const progress = form.querySelector('[data-upload-progress]');
  const said = form.querySelector('[data-upload-said]');
  const bar = progress.querySelector('progress');

  const describe = () => {
    const files = [...input.files];
    const bytes = files.reduce((sum, file) => sum + file.size, 0);
    chosen.textContent = files.length === 0 ? '' : `${files.length === 1 ? files[0].name : `${files.length} files`}, ${size(bytes)}`;
  };
  input.addEventListener('change', describe);

  let depth = 0; // dragenter and dragleave also fire for the zone's children
  zone.addEventListener('dragenter', (event) => { event.preventDefault(); depth += 1; zone.classList.add('over'); });
  zone.addEventListener('dragleave', () => { depth -= 1; if (depth === 0) zone.classList.remove('over'); });
  zone.addEventListener('dragover', (event) => event.preventDefault());
  zone.addEventListener('drop', (event) => {
    event.preventDefault();
    depth = 0;
    zone.classList.remove('over');
    input.files = event.dataTransfer.files;
    describe();
  });

  form.addEventListener('submit', (event) => {
    if (input.files.length === 0) return;
    event.preventDefault();
    const buttons = form.querySelectorAll('button');
    progress.hidden = false;
    const bytes = [...input.files].reduce((sum, file) => sum + file.size, 0);
    const max = Number(form.dataset.upload);
    if (bytes > max * 1024 * 1024) return fail(`This is ${size(bytes)}; ${max} MB come in at once. Bring it in parts. Nothing was sent.`);
    for (const button of buttons) button.disabled = true;
    const request = new XMLHttpRequest(); // fetch() reports no upload progress
    request.responseType = 'document'; // of a refusal's page, why
    request.open('POST', form.action);
    request.upload.addEventListener('progress', ({ loaded, total }) => {
      bar.max = total;
      bar.value = loaded;
      said.textContent = loaded < total ? `Sending: ${size(loaded)} of ${size(total)}` : 'Sent; reading…';
    });
    request.addEventListener('load', () => {
      if (request.status < 400) return location.assign(request.responseURL);
      fail(reasonOf(request.responseXML) ?? `The upload was refused (${request.status}). Nothing was imported.`);
    });
    request.addEventListener('error', () => fail('The connection broke while sending. Nothing was imported; try again, on a slow line with fewer files.'));
    request.send(new FormData(form));

    function fail(text) {
      said.textContent = text;
      for (const button of buttons) button.disabled = false;
    }
  });
}

// The faults a form came back with, or what a refusal's page says.
function reasonOf(page) {
  const faults = [...(page?.querySelectorAll('[data-error-summary] li') ?? [])].map((item) => item.textContent);
  return faults.length > 0 ? faults.join(' ') : page?.querySelector('main h1')?.textContent;
}

function size(bytes) {
  if (bytes < 1e6) return `${Math.max(1, Math.round(bytes / 1e3))} kB`;
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
