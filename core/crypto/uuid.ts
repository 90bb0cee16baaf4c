import { randomUUID } from 'node:crypto';

/** UUIDv7 (RFC 9562 section 5.7): 48-bit milliseconds, then 74 random bits, taken with the variant from a version 4. Sorts by time, tells nothing but time. */
export function uuidv7(now: number = Date.now()): string {
  const time = now.toString(16).padStart(12, '0');
  const random = randomUUID();
  return `${time.slice(0, 8)}-${time.slice(8)}-7${random.slice(15)}`;
}

export function isUuid(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/.test(value);
}
