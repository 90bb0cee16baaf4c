import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { FormatError } from '../audit/format-error.ts';
import { AUDIT_PURPOSE, isAliveAt } from '../audit/key-log.ts';
import { verifyBundle } from '../audit/verify.ts';
import { readAttestation, verifyAttestation, type SignedAttestation } from '../trust/attestation.ts';
import { requireFile } from './audit.ts';
import { countsOf } from './attest.ts';
import { EXIT, UsageError, type Command } from './command.ts';

/** No database, no network: for somebody who was handed an attestation and does not believe it. */
export const attestVerify: Command = {
  name: 'attest verify',
  summary: 'verify an attestation offline',
  usage: 'attest verify FILE [--bundle FILE | --key BASE64] [--json]',
  operands: true,
  options: {
    bundle: { type: 'string', about: 'an audit bundle of the installation, whose key log says whose key it is' },
    key: { type: 'string', about: 'public key you know from elsewhere (base64, 32 bytes)' },
  },
  async run({ positionals, values: { bundle, key }, out }) {
    const [file] = positionals;
    if (file === undefined || positionals.length > 1) throw new UsageError('Name one attestation file.');
    if (bundle !== undefined && key !== undefined) throw new UsageError('Give either a bundle or a key.');
    for (const path of [file, bundle]) if (typeof path === 'string') await requireFile(path);
    try {
      const signed = readAttestation(await readFile(file, 'utf8'));
      const fault = verifyAttestation(signed) ? typeof bundle === 'string' ? await strangerTo(bundle, signed) : typeof key === 'string' && key !== signed.publicKey ? 'It is signed by another key than the one you gave.' : null
        : 'The signature does not hold: this is not what was signed.';
      const { installation, workspace, version, at, claims } = signed.attestation;
      const isTraced = bundle !== undefined || key !== undefined;
      out.result({ ok: fault === null, isKeyKnown: fault === null && isTraced, fault, installation, workspace, version, at, keyId: signed.keyId, publicKey: signed.publicKey }, [
        fault === null ? `The signature holds. ${workspace.slug} (${workspace.id}) of installation ${installation}, Wardkeep ${version}, at ${at}: ${countsOf(claims)}.` : `NOT SOUND: ${fault}`,
        ...(fault === null && !isTraced ? [`Whose key it is, the file alone cannot say: compare ${signed.publicKey} with what you know, or give a --bundle of the installation.`] : []),
        ...(fault === null ? claims.filter(({ status }) => status === 'failing').map(({ id, summary }) => `FAILING ${id}: ${summary}`) : []),
      ].join('\n'));
      return fault === null ? EXIT.done : EXIT.checkFailed;
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      out.result({ ok: false, fault: error.message }, `This is no attestation (${error.message}).`);
      return EXIT.inputRefused;
    }
  },
};

/** Why a sound bundle of the installation does not vouch for the key; null where it does. */
async function strangerTo(bundle: string, { attestation, publicKey }: SignedAttestation): Promise<string | null> {
  const { ok, header } = await verifyBundle(createReadStream(bundle));
  if (!ok || header === null) return 'The bundle itself does not verify: `wardkeep audit verify` says where.';
  if (header.installation !== attestation.installation) return 'The bundle is of another installation.';
  const known = header.keys.find((each) => each.publicKey === publicKey && each.purpose === AUDIT_PURPOSE);
  if (known === undefined) return 'The key that signed it is not in the key log of the bundle.';
  return isAliveAt(known, attestation.at) ? null : 'The key that signed it was not in force then, by the key log of the bundle.';
}
