/** Numbers of system calls by name, for every architecture that a filter of this machine may have to know. */
import { aarch64 } from './aarch64.ts';
import { arm } from './arm.ts';
import { i386 } from './i386.ts';
import { x32 } from './x32.ts';
import { x86_64 } from './x86_64.ts';

export type Architecture = 'x86_64' | 'x32' | 'i386' | 'aarch64' | 'arm';

const texts: Record<Architecture, string> = { x86_64, x32, i386, aarch64, arm };
const parsed = new Map<Architecture, ReadonlyMap<string, number>>();

function parse(text: string): ReadonlyMap<string, number> {
  const words = text.trim().split(/\s+/);
  const table = new Map<string, number>();
  for (let at = 0; at + 1 < words.length; at += 2) table.set(words[at] ?? '', Number(words[at + 1]));
  return table;
}

export function syscallTable(architecture: Architecture): ReadonlyMap<string, number> {
  const known = parsed.get(architecture) ?? parse(texts[architecture]);
  parsed.set(architecture, known);
  return known;
}

/** The architecture this program runs on, as the kernel names it. */
export const nativeArchitecture: Architecture = process.arch === 'arm64' ? 'aarch64' : 'x86_64';
