/**
 * `.dockerignore` (docs.docker.com/build/concepts/context/#dockerignore-files; moby/patternmatcher): patterns of path.Match with `**` for
 * any number of directories, `!` for exceptions, the last match decides. What is beneath a match is matched.
 */
import { matchesAll, nameMatcher } from './path-pattern.ts';

interface Rule {
  excepts: boolean;
  matches: (names: readonly string[]) => boolean;
}

/** Whether a path (relative, without "." and "..") is left out. Throws for a pattern that cannot be read. */
export type Ignores = (path: string) => boolean;

/** null: nothing is left out. */
export function parseIgnoreFile(text: string): Ignores | null {
  const patterns = text
    .replace(/^\ufeff/, '')
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .map((line) => line.trim())
    .filter((line) => line !== '');
  return patterns.length === 0 ? null : ignorePatterns(patterns);
}

export function ignorePatterns(patterns: readonly string[]): Ignores {
  const rules = patterns.map(ruleOf).filter((rule) => rule !== null);
  return (path) => {
    const names = path.split('/');
    let ignored = false;
    for (const { excepts, matches } of rules)
      if (excepts === ignored && names.some((_, index) => matches(names.slice(0, index + 1))))
        ignored = !excepts;
    return ignored;
  };
}

function ruleOf(pattern: string): Rule | null {
  const excepts = pattern.startsWith('!');
  const names = clean(excepts ? pattern.slice(1).trim() : pattern);
  return names.length === 0 ? null : { excepts, matches: namesMatcher(names) };
}

/** Go's filepath.Clean, from the root. */
function clean(path: string): string[] {
  const names: string[] = [];
  for (const name of path.split('/'))
    if (name === '..') names.pop();
    else if (name !== '' && name !== '.') names.push(name);
  return names;
}

function namesMatcher(patterns: readonly string[]): Rule['matches'] {
  const tokens = patterns.map((pattern) => (pattern === '**' ? 'star' : nameMatcher(pattern)));
  // "a/**" is what is in a, not a itself.
  if (tokens.at(-1) === 'star') tokens.push(() => true);
  return (names) => matchesAll(tokens, names);
}
