/** Enforces the table of scripts/imports.ts, and that ARCHITECTURE.md shows that very table. */
import { readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { Glob } from 'bun';
import { allowed, sharedTypes } from './imports.ts';

const statement =
  /^\s*(import|export)\s+(type\s+)?(?:[\w*{][^'"`;]*?\sfrom\s+)?['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]\s*\)/gm;

const room = (path: string) => (path.includes('/') ? (path.split('/')[0] ?? '') : 'main');

export async function imports(): Promise<string[]> {
  const problems: string[] = [];
  for (const file of new Glob('**/*.ts').scanSync('src')) problems.push(...checkFile(file));
  return [...problems, ...checkDocument()];
}

function checkFile(file: string): string[] {
  const from = room(file);
  const targets = allowed[from];
  if (!targets) return [`src/${file}: folder ${from} is not in scripts/imports.ts`];
  const problems: string[] = [];
  for (const [, , type, statically, lazily] of readFileSync(join('src', file), 'utf8').matchAll(statement)) {
    const specifier = statically ?? lazily ?? '';
    if (!specifier.startsWith('.')) continue;
    const target = normalize(join(dirname(file), specifier));
    const to = room(target);
    const open = targets.some((room) => room === to || target.startsWith(`${room}/`));
    if (target.startsWith('..') || to === from || open) continue;
    if (type && sharedTypes.test(target)) continue;
    problems.push(
      `src/${file} imports ${target}: ${from} may import only ${targets.join(', ') || 'nothing'}`,
    );
  }
  return problems;
}

export function table(): string {
  const rows = Object.entries(allowed).map(([from, to]) => `| ${from} | ${to.join(', ') || 'nothing'} |`);
  return ['| folder | may import |', '|---|---|', ...rows].join('\n');
}

function checkDocument(): string[] {
  return readFileSync('ARCHITECTURE.md', 'utf8').includes(table())
    ? []
    : [
        `ARCHITECTURE.md does not show the import table of scripts/imports.ts; it should contain:\n${table()}`,
      ];
}
