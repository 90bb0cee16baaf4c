import { FAULT_MEANING } from '../fault.ts';
import { CHECKPOINT_MEANING } from '../older-checkpoint.ts';
import { toBase64 } from '../primitives.ts';

/** @typedef {import('../verify-bundle.ts').Verdict} Verdict */

/** @type {Partial<Record<Verdict['checkpointResult'], string>>} */
const CHECKPOINT_TONE = { confirmed: 'good', contradicted: 'bad', 'unknown-key': 'bad' };

/**
 * Fills the result section.
 * @param {HTMLElement} section
 * @param {Verdict} verdict
 */
export function showVerdict(section, verdict) {
  const { ok, firstBad, checkpointResult } = verdict;
  const tone = ok ? 'good' : firstBad ? 'bad' : 'warn';
  const title = ok ? 'Everything holds' : firstBad ? 'This log does not hold' : 'The entries hold, the checkpoint does not speak for them';
  section.replaceChildren(
    element('div', { class: `verdict ${tone}` }, element('h2', { id: 'verdict' }, title), element('p', {}, summary(verdict))),
    ...(firstBad ? [faultFacts(firstBad)] : []),
    ...(firstBad && checkpointResult === 'none' ? [] : [element('div', { class: `note ${CHECKPOINT_TONE[checkpointResult] ?? 'warn'}` }, element('p', {}, `${CHECKPOINT_MEANING[checkpointResult]}${checkpointResult === 'none' ? ' Keep the one below.' : ''}`))]),
    ...logFacts(verdict),
  );
}

/**
 * What proves nothing is neither sound nor unsound.
 * @param {HTMLElement} section
 * @param {'CSV' | 'JSON'} format
 */
export function showReadingExport(section, format) {
  section.replaceChildren(element('div', { class: 'verdict warn' },
    element('h2', { id: 'verdict' }, `This is a ${format} export, not a bundle`),
    element('p', {}, 'It is for reading and proves nothing by itself. What verifies is a bundle: export the same time once more as “Signed bundle”, or with ', element('code', {}, 'wardkeep audit export --format bundle'), '.'),
  ));
}

/** @param {Verdict} verdict */
function summary({ ok, entries, firstBad, header }) {
  const checked = entries === 1 ? '1 entry was' : `${entries.toLocaleString('en')} entries were`;
  if (firstBad && entries > 0) return `${checked} sound before the first fault.`;
  if (firstBad) return 'No entry was found sound before the first fault.';
  const range = header && entries > 0 ? `, from ${header.range.fromSeq} to ${header.range.toSeq}` : '';
  return `${checked} checked${range}: contents, order, signatures and Merkle tree${ok ? ' agree.' : ' agree among themselves.'}`;
}

/** @param {import('../fault.ts').AuditFault} fault */
function faultFacts({ fault, seq, id, detail }) {
  return facts([
    ['First fault', FAULT_MEANING[fault]],
    ['Where', seq === null ? 'in the file as a whole' : `at entry ${seq}`],
    ...(id ? [/** @type {[string, string]} */ (['Entry id', id])] : []),
    ['What was seen', detail],
    ['Kind', fault],
  ]);
}

/** @param {Verdict} verdict */
function logFacts({ header, head, ok }) {
  if (!header) return [];
  const keys = header.keys.map(({ keyId, publicKey, createdAt, retiredAt }) =>
    element('li', {}, element('code', {}, publicKey), ` (${keyId}), from ${createdAt}${retiredAt ? ` to ${retiredAt}` : ''}`),
  );
  const about = facts([
    ['Workspace', header.workspace],
    ['Installation', header.installation],
    ['Exported', header.exportedAt],
    ...(head ? [/** @type {[string, string]} */ (['Signed head', `${head.size.toLocaleString('en')} entries, root ${toBase64(head.root)}`])] : []),
  ]);
  const parts = [element('h3', {}, ok ? 'The log' : 'What the file says of itself'), about, element('h3', {}, 'Signing keys'), element('ul', {}, ...keys)];
  if (ok && head) parts.push(...headToKeep(head.text));
  return parts;
}

/** @param {string} text */
function headToKeep(text) {
  const save = element('button', { type: 'button', class: 'second' }, 'Save checkpoint');
  save.addEventListener('click', () => {
    const url = URL.createObjectURL(new Blob([text], { type: 'text/plain' }));
    element('a', { href: url, download: `checkpoint-${text.split('\n')[1]}.txt` }).click();
    URL.revokeObjectURL(url);
  });
  return [
    element('h3', {}, 'Keep this checkpoint'),
    element('p', { class: 'hint' }, 'Store it where the operator of the log cannot change it. The next export must agree with it.'),
    element('p', { class: 'mono', id: 'head' }, text),
    element('p', { class: 'actions' }, save),
  ];
}

/** @param {[term: string, value: string][]} rows */
function facts(rows) {
  return element('dl', {}, ...rows.flatMap(([term, value]) => [element('dt', {}, term), element('dd', {}, value)]));
}

/**
 * @param {string} name
 * @param {Record<string, string>} attributes
 * @param {...(Node | string)} children
 */
function element(name, attributes, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}
