import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { FAULT_MEANING } from '../audit/fault.ts';
import { CHECKPOINT_MEANING } from '../audit/older-checkpoint.ts';
import { readingExportIn } from '../audit/reading-export.ts';
import { verifyBundle } from '../audit/verify.ts';
import { EXIT, UsageError, type Command } from './command.ts';

/** No database, no network: whoever holds a bundle and Wardkeep's program, or the page, can check it. */
export const auditVerify: Command = {
  name: 'audit verify',
  summary: 'verify an exported audit bundle offline',
  usage: 'audit verify FILE [--checkpoint FILE] [--key BASE64] [--json]',
  operands: true,
  options: {
    checkpoint: { type: 'string', about: 'a checkpoint of the same log, kept from earlier' },
    key: { type: 'string', about: 'public key you know from elsewhere (base64, 32 bytes)' },
  },
  async run({ positionals, values, out }) {
    const [file] = positionals;
    if (file === undefined || positionals.length > 1) throw new UsageError('Name one bundle file.');
    for (const path of [file, values['checkpoint']]) if (typeof path === 'string') await requireFile(path);
    const key = typeof values['key'] === 'string' ? Buffer.from(values['key'], 'base64') : null;
    if (key !== null && key.length !== 32) throw new UsageError('--key takes the 32 bytes of an Ed25519 public key as base64.');
    const verdict = await verifyBundle(createReadStream(file), {
      ...(typeof values['checkpoint'] === 'string' ? { checkpoint: await readFile(values['checkpoint'], 'utf8') } : {}),
      ...(key === null ? {} : { trustedKeys: [key] }),
    });
    const { ok, entries, firstBad, checkpointResult, head } = verdict;
    const reading = verdict.header === null ? await readingExportIn(file) : null;
    if (reading !== null) {
      const detail = `This is a ${reading} export, which is for reading and proves nothing by itself. What verifies is a bundle: export the same time with \`--format bundle\`, or as “Signed bundle” on the page.`;
      out.result({ ok, entries, firstBad: { ...firstBad, detail }, checkpointResult, head }, detail);
      return EXIT.inputRefused;
    }
    const found = ok ? `Sound: ${entries} entries, every hash, link and signature holds and the checkpoint confirms them.`
      : firstBad === null ? `NOT CONFIRMED: ${entries} entries agree among themselves, but the checkpoint you gave does not speak for them.`
      : `NOT SOUND after ${entries} entries: ${firstBad.seq === null ? '' : `entry ${firstBad.seq}${firstBad.id === null ? '' : ` (${firstBad.id})`}: `}${FAULT_MEANING[firstBad.fault]} ${firstBad.detail}`;
    out.result({ ok, entries, firstBad, checkpointResult, head: head === null ? null : { size: head.size, checkpoint: head.text } }, firstBad !== null && checkpointResult === 'none' ? found : `${found}\n${CHECKPOINT_MEANING[checkpointResult]}`);
    return ok ? EXIT.done : EXIT.checkFailed;
  },
};

/** @throws UsageError */
export async function requireFile(path: string): Promise<void> {
  const found = await stat(path).catch(() => { throw new UsageError(`${path} is not there or cannot be read.`); });
  if (found.isDirectory()) throw new UsageError(`${path} is a folder.`);
}
