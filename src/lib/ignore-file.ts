/**
 * `.dockerignore` (docs.docker.com/build/concepts/context/#dockerignore-files; moby/patternmatcher): patterns of path.Match with `**` for
 * any number of directories, `!` for exceptions, the last match decides. What is beneath a match is matched.
 */
import { cleanPath } from './clean-path.ts';
import { invalid } from './errors.ts';
import { ignoreMatcher, type Matches } from './ignore-pattern.ts';

interface Rule {
  excepts: boolean;
  pattern: string;
  matches: Matches;
}

/** Whether a path (relative, without "." and "..") is left out. */
export type Ignores = (path: string) => boolean;

export interface IgnoreRules {
  ignores: Ignores;
  /** Cleaned patterns of what is in all the same. */
  exceptions: readonly string[];
}

/** null: nothing is left out. Throws for a pattern that cannot be read. */
export function parseIgnoreFile(text: string): IgnoreRules | null {
  const patterns = text
    .replace(/^\ufeff/, '')
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .map((line) => line.trim())
    .filter((line) => line !== '');
  if (patterns.length === 0) return null;
  const rules = patterns.map(ruleOf);
  const exceptions = rules.filter(({ excepts }) => excepts).map(({ pattern }) => pattern);
  return { ignores: ignoresBy(rules), exceptions };
}

export const ignorePatterns = (patterns: readonly string[]): Ignores => ignoresBy(patterns.map(ruleOf));

function ignoresBy(rules: readonly Rule[]): Ignores {
  return (path) => {
    let ignored = false;
    for (const { excepts, matches } of rules) if (excepts === ignored && matches(path)) ignored = !excepts;
    return ignored;
  };
}

/** A pattern that leads out of the context ("../x") stays one, and matches nothing. */
function ruleOf(line: string): Rule {
  const excepts = line.startsWith('!');
  const written = excepts ? line.slice(1).trim() : line;
  if (written === '') throw invalid('illegal exclusion pattern: "!"');
  const cleaned = cleanPath(written);
  const pattern = cleaned.length > 1 && cleaned.startsWith('/') ? cleaned.slice(1) : cleaned;
  return { excepts, pattern, matches: ignoreMatcher(pattern) };
}
