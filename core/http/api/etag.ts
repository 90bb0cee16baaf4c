import { fault } from '../../errors.ts';

/**
 * The row version that If-Match names (RFC 9110 section 13.1.1). `*` would match whatever is there, which is the lost update this exists to
 * prevent; a weak tag never matches. hapi marks the tag of a compressed answer (`"3-gzip"`); it is the same version.
 * @throws Fault request.precondition_required · request.stale
 */
export function readIfMatch(header: unknown): number {
  if (typeof header !== 'string' || header.trim() === '*') throw fault('request.precondition_required');
  const match = /^\s*"(\d{1,9})(?:-(?:gzip|deflate|br))?"\s*$/.exec(header);
  if (match === null) throw fault('request.stale');
  return Number(match[1]);
}
