import { createSecretKey, type KeyObject } from 'node:crypto';

const known = new WeakMap<Uint8Array, KeyObject>();

/** Bytes handed to node:crypto are imported anew for every value, which costs several times the value itself. Key bytes never change in place. */
export function keyObjectOf(bytes: Uint8Array): KeyObject {
  let key = known.get(bytes);
  if (key === undefined) known.set(bytes, (key = createSecretKey(bytes)));
  return key;
}
