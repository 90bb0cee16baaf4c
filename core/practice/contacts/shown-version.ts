import { canonicalize } from '../../audit/canonical.ts';
import type { JsonValue, Tx } from '../../db/scope.ts';
import type { ContactView } from './contact-view.ts';

/** What If-Match reads: nine digits. */
const VERSIONS = 1_000_000_000n;

/**
 * The version a reader is shown, which is the ETag too. For whoever sees the whole contact it counts the changes; for others it is made of
 * what they see alone, so that a change of a hidden field does not show in it. A keyed digest of 30 bits: two states that meet by chance
 * would let one lost update in a billion through.
 */
export function shownVersion(tx: Tx, view: ContactView): ContactView {
  if (view.hidden.size === 0) return view;
  const { version: _version, hidden, createdAt: _createdAt, updatedAt: _updatedAt, ...shown } = view;
  const content = Object.fromEntries(Object.entries(shown).filter(([field]) => !hidden.has(field)));
  const digest = BigInt.asUintN(64, BigInt(tx.keys.tag('shown version', canonicalize(content as unknown as JsonValue))));
  return { ...view, version: Number(digest % VERSIONS) };
}
