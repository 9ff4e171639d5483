/** ENV, LABEL and ARG: names with values. */
import { plainProblem } from '../error.ts';
import { splitWords } from '../lines/words.ts';
import { quote, splitFirst } from '../text.ts';
import { parseFlags } from './flags.ts';
import type { Arg, ArgDeclaration, Env, Label, Pair } from './model.ts';
import { blankName, common, needsSome, type Request } from './request.ts';

/** `k=v k2=v2`; or, if the first word has no "=", `k everything else`. */
function parsePairs({ node, escapeToken }: Request, name: string): Pair[] {
  parseFlags(node.flags, {});
  const words = splitWords(node.args, escapeToken);
  const [first] = words;
  if (first === undefined) throw needsSome(name);
  if (first.includes('=')) return words.map((word) => parsePair(word, name));
  const [key, value] = splitFirst(node.args);
  if (value === null) throw plainProblem(`${name} must have two arguments`);
  return [{ key, value, legacy: true }];
}

function parsePair(word: string, name: string): Pair {
  const equals = word.indexOf('=');
  if (equals < 0)
    throw plainProblem(
      `Syntax error - can't find = in ${quote(word)}. Must be of the form: name=value`,
      word,
    );
  if (equals === 0) throw blankName(name);
  return { key: word.slice(0, equals), value: word.slice(equals + 1), legacy: false };
}

export function parseEnv(request: Request): Env {
  return { ...common(request.node), kind: 'env', pairs: parsePairs(request, 'ENV') };
}

export function parseLabel(request: Request): Label {
  return { ...common(request.node), kind: 'label', pairs: parsePairs(request, 'LABEL') };
}

function parseDeclaration(word: string): ArgDeclaration {
  const equals = word.indexOf('=');
  if (equals === 0) throw blankName('ARG');
  return equals < 0
    ? { name: word, value: null }
    : { name: word.slice(0, equals), value: word.slice(equals + 1) };
}

/** Flags are ignored here, and by BuildKit. */
export function parseArg({ node, escapeToken }: Request): Arg {
  const declarations = splitWords(node.args, escapeToken).map(parseDeclaration);
  if (declarations.length === 0) throw needsSome('ARG');
  return { ...common(node), kind: 'arg', declarations };
}
