import { posix } from 'node:path';

/** Few enough that a run does not end with one long process on one core. */
const TOGETHER_MAX = 6;

/** What a process has only one of, the program's source of assets included, hooks around every test, other programs, and folders that tap names after the process's first file. */
const REACHES_FOR_THE_PROCESS = /\bprocess\.(?!env\b)|\bprocess\.env\S* =(?!=)|\bdelete process\b|\bassign\((?:console|process)\b|\bglobalThis\b|\bDate\.now = |\buseAssetSource\b|\bt\.(?:before|after|beforeEach|afterEach|mock\w*|chdir|plan|testdir|matchSnapshot|bailout)\b|node:child_process|node:worker_threads|chromium/i;

/**
 * Which test files run in one process (several-files.ts): those of one folder, a few at a time, since loading the program costs most of them
 * more than their tests do. A file that reaches for what belongs to the whole process has one of its own; those come first, the longest are among them.
 */
export function groupFiles(files: readonly string[], read: (file: string) => string): readonly (readonly string[])[] {
  const alone = files.filter((file) => REACHES_FOR_THE_PROCESS.test(read(file)));
  const folders = Map.groupBy(files.filter((file) => !alone.includes(file)), (file) => posix.dirname(file));
  return [...alone.map((file) => [file]), ...[...folders.values()].flatMap(inEqualParts)];
}

function inEqualParts(files: readonly string[]): string[][] {
  const parts = Math.ceil(files.length / TOGETHER_MAX);
  const length = Math.ceil(files.length / parts);
  return Array.from({ length: parts }, (_, part) => files.slice(part * length, (part + 1) * length)).filter((part) => part.length > 0);
}
