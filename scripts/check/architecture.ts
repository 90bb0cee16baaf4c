import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import ts from 'typescript';
import type { Outcome } from './outcome.ts';

/** Rooms in their order, as the first code block of ARCHITECTURE.md lists them: a room may import itself and what stands before it. */
export function readRooms(architecture: string): string[] {
  const [, block = ''] = /```\n([^]*?)```/.exec(architecture) ?? [];
  const rooms: string[] = [];
  for (const line of block.split('\n')) {
    for (const word of line.match(/core\/[\w./<>-]+|(?<=\s)\w+\.ts\b/g) ?? []) rooms.push(roomOf(word.startsWith('core/') ? word : `core/${word}`));
    if (line.startsWith('plugins/')) break; // what stands behind it is prose
  }
  return rooms.filter((room, index) => rooms.indexOf(room) === index);
}

/** One line for each plugin that comes with the program. core/main.ts alone reads it, so that the core imports no plugin. */
const LIST = 'plugins/list.ts';

export type Violation = { file: string; imports: string; why: string };

/**
 * Checks every import of `core/` and `plugins/`, type imports included: a direction is a dependency, erased or not.
 * @param files paths from the project root, with their text.
 */
export function findViolations(rooms: readonly string[], files: ReadonlyMap<string, string>): Violation[] {
  const out: Violation[] = [];
  const unlisted = new Set([...files.keys()].filter((file) => file.startsWith('core/')).map(roomOf).filter((room) => !rooms.includes(room)));
  for (const room of unlisted) out.push({ file: room, imports: '', why: 'not among the rooms of ARCHITECTURE.md' });
  for (const [file, text] of files) {
    for (const { fileName } of ts.preProcessFile(text, true, true).importedFiles) {
      if (!fileName.startsWith('.')) continue;
      const target = posix.normalize(posix.join(posix.dirname(file), fileName));
      const why = judge(rooms, file, target);
      if (why) out.push({ file, imports: target, why });
    }
  }
  return out;
}

/** Rooms that ARCHITECTURE.md lists and nobody has built. */
export function findEmptyRooms(rooms: readonly string[], files: ReadonlyMap<string, string>): string[] {
  const built = new Set([...files.keys()].map(roomOf));
  return rooms.filter((room) => !built.has(room));
}

function judge(rooms: readonly string[], file: string, target: string): string | null {
  if (file === LIST) return target === 'core/plugin.ts' || /^plugins\/[a-z-]+\/index\.ts$/.test(target) ? null : 'the list names plugins by their index.ts, nothing else';
  if (file === 'core/main.ts' && target === LIST) return null;
  if (file.startsWith('plugins/')) {
    const own = file.split('/').slice(0, 2).join('/');
    return target === 'core/plugin.ts' || target.startsWith(`${own}/`) ? null : 'a plugin imports packages, its own folder and core/plugin.ts only';
  }
  if (!target.startsWith('core/')) return target.startsWith('plugins/') ? 'core never imports a plugin' : target.startsWith('package.json') ? null : 'core imports core';
  const [from, to] = [roomOf(file), roomOf(target)];
  const [fromAt, toAt] = [rooms.indexOf(from), rooms.indexOf(to)];
  // An unlisted room is reported once, as such.
  return fromAt === -1 || toAt === -1 || toAt <= fromAt ? null : `${from} stands before ${to}`;
}

function roomOf(path: string): string {
  return path.split('/').slice(0, 2).join('/');
}

export function readSources(root: string): Map<string, string> {
  const files = new Map<string, string>();
  for (const top of ['core', 'plugins']) {
    for (const entry of listFolder(join(root, top))) if (entry.endsWith('.ts')) files.set(posix.join(top, entry), readFileSync(join(root, top, entry), 'utf8'));
  }
  return files;
}

function listFolder(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((entry) => entry.replaceAll('\\', '/'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []; // no plugins yet
    throw error;
  }
}

export async function checkArchitecture(root: string): Promise<Outcome> {
  const rooms = readRooms(readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8'));
  const files = readSources(root);
  const violations = [...findViolations(rooms, files), ...findEmptyRooms(rooms, files).map((file) => ({ file, imports: '', why: 'stands in ARCHITECTURE.md and nowhere else' }))];
  if (files.size === 0 || rooms.length < 5) return { status: 'failed', summary: 'nothing to read' };
  if (violations.length === 0) return { status: 'passed', summary: `${files.size} files, ${rooms.length} rooms` };
  return { status: 'failed', summary: `${violations.length} against the order of rooms`, details: violations.map((each) => `${each.file}${each.imports && ` imports ${each.imports}`}: ${each.why}`) };
}
