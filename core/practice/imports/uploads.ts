import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';

/** A file as a browser sent it: its bytes untouched, its name without a folder. */
export type Upload = { readonly name: string; readonly bytes: Buffer };

/** A part of hapi's `multipart: { output: 'stream' }`; a plain field is a string. */
type Part = Readable & { readonly hapi: { readonly filename?: string } };

/**
 * hapi's other outputs decode a part by its content type, text of any encoding as UTF-8: what a browser calls `text/xml` or `text/csv` would
 * not be what was sent.
 */
export const WHOLE_PARTS = { output: 'stream' } as const;

/** The files of a form field, in the form's order. A browser sends an unnamed empty part when nothing was chosen. */
export async function uploadsOf(payload: unknown, field: string): Promise<Upload[]> {
  const given = typeof payload === 'object' && payload !== null ? (payload as Record<string, unknown>)[field] : undefined;
  const parts = (Array.isArray(given) ? given : [given]).filter((part): part is Part => typeof part === 'object' && part !== null && 'hapi' in part);
  const named = parts.flatMap((part) => (part.hapi.filename ? [{ name: part.hapi.filename, part }] : []));
  return Promise.all(named.map(async ({ name, part }) => ({ name: name.replace(/^.*[\\/]/, '').slice(0, 200), bytes: await buffer(part) })));
}
