/** Where variables are replaced, and where not. */
import { plainProblem } from '../error.ts';
import { type EscapeToken, expand as lex, type Variables } from '../shell/lexer.ts';
import type { Arg, ExpandedInstruction, InlineFile, Instruction, Pair } from './model.ts';
import { expandMount } from './mount.ts';
import { exposedPorts } from './ports.ts';

/** Replaces variables by the values they have at one point of a stage, and remembers which had none. */
export class Expander {
  readonly unmatched = new Set<string>();

  constructor(
    readonly variables: Variables,
    readonly escapeToken: EscapeToken,
  ) {}

  /** One word in, one out: white space in a value stays. */
  word(text: string): string {
    const { text: result, unmatched } = lex(text, this.variables, { escapeToken: this.escapeToken });
    for (const name of unmatched) this.unmatched.add(name);
    return result;
  }

  /** One word in, any number out. Nobody is told of variables that are not set, as with BuildKit. */
  words(text: string): string[] {
    return lex(text, this.variables, { escapeToken: this.escapeToken, splits: true }).words;
  }

  /** The body of a heredoc: quotes are the file's own, and the escape character is a backslash whatever the directive says. */
  body(text: string): string {
    const { text: result, unmatched } = lex(text, this.variables, { escapeToken: '\\', plainQuotes: true });
    for (const name of unmatched) this.unmatched.add(name);
    return result;
  }
}

/**
 * The instruction with its variables replaced. CMD, ENTRYPOINT, SHELL, HEALTHCHECK, MAINTAINER, ONBUILD and the command of
 * RUN have none that are ours; neither has `COPY --from`. ENV replaces all its values before it sets any of them.
 */
export function expandInstruction(instruction: Exclude<Instruction, Arg>, by: Expander): ExpandedInstruction {
  const word = (text: string) => by.word(text);
  switch (instruction.kind) {
    case 'env':
    case 'label':
      return { ...instruction, pairs: instruction.pairs.map((pair) => expandPair(pair, by)) };
    case 'run':
      return { ...instruction, mounts: instruction.mounts.map((mount) => expandMount(mount, word)) };
    case 'copy':
      return { ...instruction, ...expandPaths(instruction, by) };
    case 'add':
      return {
        ...instruction,
        ...expandPaths(instruction, by),
        checksum: instruction.checksum && by.word(instruction.checksum),
      };
    case 'workdir':
      return { ...instruction, path: by.word(instruction.path) };
    case 'user':
      return { ...instruction, user: by.word(instruction.user) };
    case 'volume':
      return { ...instruction, paths: instruction.paths.map((path) => volumePath(word(path))) };
    case 'stopsignal':
      return { ...instruction, signal: by.word(instruction.signal) };
    case 'expose':
      return { ...instruction, ...exposedPorts(instruction.ports.flatMap((port) => by.words(port))) };
    default:
      return instruction;
  }
}

function volumePath(path: string): string {
  if (path === '') throw plainProblem('VOLUME specified can not be an empty string');
  return path;
}

function expandPair({ key, value, legacy }: Pair, by: Expander): Pair {
  return { key: by.word(key), value: by.word(value), legacy };
}

interface Paths {
  owner: string | null;
  mode: string | null;
  exclude: readonly string[];
  sources: readonly string[];
  destination: string;
  inline: readonly InlineFile[];
}

function expandPaths(paths: Paths, by: Expander): Paths {
  return {
    // What expands to nothing was not given.
    owner: (paths.owner && by.word(paths.owner)) || null,
    mode: (paths.mode && by.word(paths.mode)) || null,
    exclude: paths.exclude.map((pattern) => by.word(pattern)),
    sources: paths.sources.map((source) => by.word(source)),
    destination: by.word(paths.destination),
    inline: paths.inline.map((file) => (file.expand ? { ...file, content: by.body(file.content) } : file)),
  };
}
