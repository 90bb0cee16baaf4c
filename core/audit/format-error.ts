/**
 * Bytes that are not what their format demands: a field missing or unknown, a number JSON cannot hold, a base64 that is not canonical.
 * The message names the place and the rule, never the value: audit entries may carry names of people.
 */
export class FormatError extends Error {
  override readonly name = 'FormatError';
}
