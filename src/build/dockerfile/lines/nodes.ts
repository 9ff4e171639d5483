/** Lines -> nodes: comments, continuation lines and heredocs put together; what the instructions mean comes later. */
import { locate, plainProblem, type SourceFile } from '../error.ts';
import type { Location } from '../location.ts';
import type { EscapeToken } from '../shell/lexer.ts';
import { trim, trimLeft } from '../text.ts';
import { type Command, splitCommand } from './command.ts';
import { type Directive, DirectiveReader } from './directives.ts';
import { type Heredoc, type HeredocMark, heredocMarks } from './heredoc.ts';
import { parseJsonForm } from './json-form.ts';
import { LineReader, withoutReturn } from './reader.ts';

/** One instruction, as text. */
export interface Node extends Command {
  /** Its lines in one, without comments and heredoc bodies. */
  source: string;
  /** Heredocs included. */
  location: Location;
  heredocs: Heredoc[];
  /** The comment lines directly above it, without `#` and surrounding white space. */
  comments: string[];
}

export interface Nodes {
  nodes: Node[];
  directives: Directive[];
  escapeToken: EscapeToken;
  /** The last line of each instruction that is continued by an empty line. */
  emptyContinuations: Location[];
}

/** For a text that is no file of its own. Throws Problem. */
export function parseNodes(text: string): Nodes {
  return new NodeParser(text).parse();
}

/** Throws DockerfileError, as everything that is public here. */
export function readNodes(file: SourceFile): Nodes {
  const parser = new NodeParser(file.text);
  try {
    return parser.parse();
  } catch (error) {
    throw locate(error, file, parser.location);
  }
}

class NodeParser {
  readonly #directives = new DirectiveReader();
  readonly #nodes: Node[] = [];
  readonly #emptyContinuations: Location[] = [];
  #reader = new LineReader('');
  #start = 1;

  constructor(readonly text: string) {}

  /** From the first line of what is being read to the line that was read last. */
  get location(): Location {
    return { start: this.#start, end: Math.max(this.#start, this.#reader.number) };
  }

  parse(): Nodes {
    this.#reader = new LineReader(this.text);
    let comments: string[] = [];
    for (let line = this.#begin(); line !== null; line = this.#begin()) {
      const content = trimLeft(withoutReturn(line));
      const isDirective = this.#directives.offer(content, this.#reader.number);
      if (content.startsWith('#')) {
        const comment = trim(content.slice(1));
        // An empty comment begins a new group.
        if (comment === '') comments = [];
        else if (!isDirective) comments.push(comment);
      } else {
        if (content !== '') this.#nodes.push(this.#node(content, comments));
        comments = [];
      }
    }
    return {
      nodes: this.#nodes,
      directives: this.#directives.found,
      escapeToken: this.#directives.escapeToken,
      emptyContinuations: this.#emptyContinuations,
    };
  }

  #begin(): string | null {
    this.#start = this.#reader.number + 1;
    return this.#reader.next();
  }

  #node(firstLine: string, comments: string[]): Node {
    const source = this.#joined(firstLine);
    const command = splitCommand(source, this.#directives.escapeToken);
    const heredocs = mayHaveHeredocs(command, this.#directives.escapeToken)
      ? heredocMarks(source).map((mark) => this.#heredoc(mark))
      : [];
    return { ...command, source: trim(source), location: this.location, heredocs, comments };
  }

  /** Comments between continued lines are left out, and so are empty lines, which are worth a warning. */
  #joined(firstLine: string): string {
    let { text, continues } = splitContinuation(firstLine, this.#directives.escapeToken);
    const pieces = [text];
    let empty = false;
    while (continues) {
      const line = this.#reader.next();
      if (line === null) break;
      const content = withoutReturn(line);
      const bare = trimLeft(content);
      if (bare === '') empty = true;
      if (bare === '' || bare.startsWith('#')) continue;
      ({ text, continues } = splitContinuation(content, this.#directives.escapeToken));
      pieces.push(text);
    }
    if (empty) this.#emptyContinuations.push({ start: this.#reader.number, end: this.#reader.number });
    return pieces.join('');
  }

  #heredoc(mark: HeredocMark): Heredoc {
    const lines: string[] = [];
    for (let line = this.#reader.next(); line !== null; line = this.#reader.next()) {
      const content = withoutReturn(line);
      if ((mark.stripTabs ? content.replace(/^\t+/, '') : content) === mark.name)
        return { ...mark, content: lines.join('') };
      lines.push(`${line}\n`);
    }
    throw plainProblem('unterminated heredoc', `<<${mark.stripTabs ? '-' : ''}${mark.name}`);
  }
}

/** The last character but blanks continues the line if it is one escape character, not two. */
function splitContinuation(line: string, escapeToken: EscapeToken): { text: string; continues: boolean } {
  let end = line.length;
  while (line.charAt(end - 1) === ' ' || line.charAt(end - 1) === '\t') end--;
  const continues = line.charAt(end - 1) === escapeToken && line.charAt(end - 2) !== escapeToken;
  return { text: continues ? line.slice(0, end - 1) : line, continues };
}

const heredocKeywords = new Set(['RUN', 'COPY', 'ADD']);

function mayHaveHeredocs({ keyword, args }: Command, escapeToken: EscapeToken): boolean {
  const upper = keyword.toUpperCase();
  if (upper === 'ONBUILD') {
    const trigger = splitCommand(args, escapeToken);
    return trigger.keyword.toUpperCase() !== 'ONBUILD' && mayHaveHeredocs(trigger, escapeToken);
  }
  return heredocKeywords.has(upper) && parseJsonForm(args) === null;
}
