import { normalizeLabel } from '../../crypto/normalize.ts';

/** Tags of a contact: a list everywhere but in the sealed column, which holds one a line. */
export function readTags(stored: string | null | undefined): string[] {
  return stored ? stored.split('\n') : [];
}

export function writeTags(tags: readonly string[]): string | null {
  return tags.join('\n') || null;
}

/** The first list's own, then what the second adds to them. */
export function joinTags(stored: string | null, added: string | null): string | null {
  const own = readTags(stored);
  const known = new Set(own.map(normalizeLabel));
  return writeTags([...own, ...readTags(added).filter((tag) => !known.has(normalizeLabel(tag)))]);
}
