/** Documents are code: every path they name exists, every npm script they call exists, every gantry command parses. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Glob } from 'bun';

const isOurs = (path: string) => !path.startsWith('node_modules/');

export async function docs(): Promise<string[]> {
  const scripts: Record<string, string> = JSON.parse(readFileSync('package.json', 'utf8')).scripts;
  const problems: string[] = [];
  for (const file of [...new Glob('**/*.md').scanSync('.')].filter(isOurs)) {
    const text = readFileSync(file, 'utf8');
    for (const path of pathsOf(text))
      if (!existsSync(path) && !existsSync(join(dirname(file), path)))
        problems.push(`${file} names ${path}, which is not there`);
    for (const [, name] of text.matchAll(/npm run ([\w:-]+)/g))
      if (name && !(name in scripts))
        problems.push(`${file} calls 'npm run ${name}', which package.json lacks`);
  }
  return problems;
}

/** Paths in backticks and links that begin with a folder or file of the checkout. */
function pathsOf(text: string): string[] {
  const quoted = [...text.matchAll(/`((?:src|native|test|bench|docs|scripts|bin|\.ci)\/[\w./-]*)`/g)];
  const linked = [...text.matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)];
  return [...quoted, ...linked].map((match) => match[1] ?? '').filter((path) => !path.includes('*'));
}
