import { checkLines } from '../check-block.ts';
import { fromBase64 } from '../primitives.ts';
import { readingFormatOf, TELLING_BYTES } from '../reading-format.ts';
import { verifyBundleWith } from '../verify-bundle.ts';
import { showReadingExport, showVerdict } from './result.js';
import { openWebWorkers, serveBlocks } from './web-workers.js';

/** @typedef {import('../verify-bundle.ts').VerifyOptions} VerifyOptions */

// One script, three lives: the page, each of its workers, and (tests, or a console) a function that verifies in one thread.
Object.assign(globalThis, {
  /**
   * @param {AsyncIterable<Uint8Array>} pieces
   * @param {VerifyOptions} [options]
   */
  verifyAuditBundle: (pieces, options) =>
    verifyBundleWith((context) => ({ width: 1, check: async (block) => checkLines(context, block), close: async () => {} }), pieces, options),
});

if (typeof document === 'undefined') serveBlocks();
else startPage(document.currentScript?.textContent ?? '');

/** @param {string} script */
function startPage(script) {
  const form = /** @type {HTMLFormElement} */ (byId('form'));
  const bundle = /** @type {HTMLInputElement} */ (byId('bundle'));
  const older = /** @type {HTMLTextAreaElement} */ (byId('older'));
  const olderFile = /** @type {HTMLInputElement} */ (byId('older-file'));
  const keys = /** @type {HTMLTextAreaElement} */ (byId('keys'));
  /** @type {AbortController | null} */
  let running = null;

  acceptDrops(byId('drop'), bundle);
  bundle.addEventListener('change', () => refuse(bundle, 'bundle-error', false));
  olderFile.addEventListener('change', async () => {
    older.value = (await olderFile.files?.[0]?.text()) ?? '';
  });
  byId('cancel').addEventListener('click', () => running?.abort());

  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const file = bundle.files?.[0];
    const trustedKeys = readKeys(keys.value);
    refuse(keys, 'keys-error', !trustedKeys);
    refuse(bundle, 'bundle-error', !file);
    if (!file || !trustedKeys) return;
    running = new AbortController();
    const checkpoint = older.value.trim() === '' ? undefined : older.value;
    await verify(file, { checkpoint, trustedKeys }, script, running.signal);
    running = null;
  });
}

/**
 * @param {File} file
 * @param {VerifyOptions} options
 * @param {string} script
 * @param {AbortSignal} signal
 */
async function verify(file, options, script, signal) {
  const [button, cancel, progress, result, status] = ['verify', 'cancel', 'progress', 'result', 'status'].map(byId);
  const bar = /** @type {HTMLProgressElement} */ (byId('bar'));
  const setBusy = (/** @type {boolean} */ busy) => {
    /** @type {HTMLButtonElement} */ (button).disabled = busy;
    /** @type {HTMLElement} */ (cancel).hidden = /** @type {HTMLElement} */ (progress).hidden = !busy;
  };
  const say = (/** @type {string} */ text) => {
    /** @type {HTMLElement} */ (status).textContent = text;
  };
  const section = /** @type {HTMLElement} */ (result);
  section.hidden = true;
  bar.value = 0;
  setBusy(true);
  say('Verifying.');
  let quarter = 0;
  const onProgress = (/** @type {{ entries: number, bytes: number }} */ { entries, bytes }) => {
    bar.value = bytes / file.size;
    byId('count').textContent = `${entries.toLocaleString('en')} entries`;
    // A screen reader hears of every quarter, not of every block.
    if (Math.floor(bar.value * 4) > quarter) say(`${++quarter * 25} percent`);
  };
  try {
    const verdict = await verifyBundleWith(openWebWorkers(script), piecesOf(file, signal), { ...options, onProgress });
    const reading = verdict.header === null ? readingFormatOf(await file.slice(0, TELLING_BYTES).text()) : null;
    if (reading === null) showVerdict(section, verdict);
    else showReadingExport(section, reading);
    section.hidden = false;
    section.focus();
    say('');
  } catch (error) {
    // The file vanished, the reader stopped it, or a worker did: no verdict, and the page says so.
    say('');
    section.replaceChildren(Object.assign(document.createElement('h2'), { id: 'verdict', textContent: signal.aborted ? 'Stopped: nothing was decided' : 'The file could not be read to its end' }));
    if (!signal.aborted) section.append(Object.assign(document.createElement('p'), { textContent: error instanceof Error ? error.message : String(error) }));
    section.hidden = false;
    section.focus();
  } finally {
    setBusy(false);
  }
}

/**
 * A file's bytes as they are read; `for await` over a stream is not everywhere yet.
 * @param {File} file
 * @param {AbortSignal} signal
 * @returns {AsyncGenerator<Uint8Array>}
 */
async function* piecesOf(file, signal) {
  const reader = file.stream().getReader();
  try {
    for (let { done, value } = await reader.read(); !done && value; { done, value } = await reader.read()) {
      signal.throwIfAborted();
      yield value;
    }
  } finally {
    await reader.cancel();
  }
}

/**
 * Null when a line is not a key.
 * @param {string} text
 */
function readKeys(text) {
  const lines = text.split('\n').map((line) => line.trim()).filter((line) => line !== '');
  return lines.every((line) => /^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/.test(line)) ? lines.map(fromBase64) : null;
}

/**
 * @param {HTMLElement} zone
 * @param {HTMLInputElement} input
 */
function acceptDrops(zone, input) {
  for (const name of ['dragenter', 'dragover']) {
    zone.addEventListener(name, (event) => {
      event.preventDefault();
      zone.classList.add('over');
    });
  }
  zone.addEventListener('dragleave', () => zone.classList.remove('over'));
  zone.addEventListener('drop', (event) => {
    event.preventDefault();
    zone.classList.remove('over');
    if (!event.dataTransfer?.files.length) return;
    input.files = event.dataTransfer.files;
    input.dispatchEvent(new Event('change'));
  });
}

/**
 * @param {HTMLElement} field
 * @param {string} errorId
 * @param {boolean} isWrong
 */
function refuse(field, errorId, isWrong) {
  byId(errorId).hidden = !isWrong;
  field.setAttribute('aria-invalid', String(isWrong));
  if (isWrong) field.focus();
}

/** @param {string} id */
function byId(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`no element #${id}`);
  return found;
}
