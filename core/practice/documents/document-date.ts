import type { Tx } from '../../db/scope.ts';
import { formatDateTime } from '../../http/formats.ts';
import { workspaceZone } from '../appointments/actions.ts';
import { instantsOf } from '../appointments/wall-time.ts';
import { dayText } from './item-line.ts';

const HAS_ZONE = /T.*(?:Z|[+-]\d{2}:\d{2})$/;
const MIDNIGHT = '0000-01-01T00:00';

/**
 * The instant of a document's own time (ISO 8601 at any precision). One without a zone is of the practice's clock, one without an hour the beginning
 * of that day there: in UTC it would be shown as the day before.
 */
export async function documentDate(tx: Tx, time: string | null): Promise<Date | null> {
  if (time === null) return null;
  if (HAS_ZONE.test(time)) return valid(new Date(time));
  const local = time.slice(0, 16) + MIDNIGHT.slice(Math.min(time.length, 16));
  return instantsOf(local, await workspaceZone(tx))[0] ?? valid(new Date(`${local}Z`)); // an hour that clocks leave out
}

const valid = (date: Date): Date | null => (Number.isNaN(date.getTime()) ? null : date);

/** When a document was written, as far as it says: a day, a month or a year is shown as that. */
export function writtenText(time: string | null, date: Date | null, zone: string): string | null {
  if (time !== null && time.length <= 10) return dayText(time);
  return date === null ? null : formatDateTime(date, zone);
}
