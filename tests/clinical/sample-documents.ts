// The public sample documents beside the project. They are not part of it: without them their tests skip, except where CI promises them.

import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const FOLDER = join(import.meta.dirname, '../../../shared/data/ccda/samples');

/** Options for a tap test that needs the samples. */
export const needsSamples: { skip?: string } = existsSync(FOLDER) || process.env.CI === 'true' ? {} : { skip: 'the sample documents (../shared/data/ccda/samples) are not here' };

export const sampleNames = (): string[] => readdirSync(FOLDER, { recursive: true, encoding: 'utf8' }).filter((name) => /\.(?:xml|ccd)$/i.test(name)).sort();

export const sampleBytes = (name: string): Uint8Array => readFileSync(join(FOLDER, name));
