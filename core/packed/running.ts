import { getRawAsset, isSea } from 'node:sea';
import { fileURLToPath } from 'node:url';

/** What this program's executable says its files are, and the folder they were unpacked to. */
export type Packed = { readonly index: Uint8Array; readonly folder: string };

const FOLDER = fileURLToPath(new URL('../../', import.meta.url));

/** Null where the program runs from its source tree. */
export const runningPacked = (): Packed | null => (isSea() ? { index: new Uint8Array(getRawAsset('index') as ArrayBuffer), folder: FOLDER } : null);
