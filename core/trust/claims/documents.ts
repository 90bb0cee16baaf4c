import { createHash, timingSafeEqual } from 'node:crypto';
import { EnvelopeError } from '../../crypto/envelope.ts';
import { claim, notApplicable, verdict } from '../claim.ts';

const SAMPLE = 20;

export const originals = claim({
  id: 'DOC-1',
  title: 'Imported originals are kept, unchanged',
  statement: `The original bytes of an imported document are kept encrypted; opened, they give the SHA-256 recorded when it came. Proved on the newest ${SAMPLE}.`,
  async prove({ app, scope }) {
    const { total, checked, altered } = await app.withWorkspace(scope, async (tx) => {
      const [{ n }] = (await tx.knex('app.documents').count('* as n')) as [{ n: number }];
      const rows = (await tx.knex('app.documents as d').leftJoin('app.document_contents as c', 'c.id', 'd.id').select('d.id', 'd.sha256', 'c.content').orderBy('d.id', 'desc').limit(SAMPLE)) as { id: string; sha256: Buffer; content: string | null }[];
      const wrong = rows.filter(({ id, sha256, content }) => {
        if (content === null) return true;
        try {
          const original = Buffer.from(tx.keys.open(content, { table: 'document_contents', column: 'content', rowId: id }).toString('utf8'), 'base64');
          return !timingSafeEqual(createHash('sha256').update(original).digest(), sha256);
        } catch (error) {
          if (error instanceof EnvelopeError) return true;
          throw error;
        }
      });
      return { total: Number(n), checked: rows.length, altered: wrong.map(({ id }) => id) };
    });
    if (total === 0) return notApplicable('No document was imported yet.');
    return verdict(altered.length === 0, { proved: `The newest ${checked} of ${total} originals give their SHA-256, just now.`, failing: `${altered.length} of the newest ${checked} originals are missing or altered.` }, { total, checked, altered });
  },
});

export const DOCUMENT_CLAIMS = [originals] as const;
