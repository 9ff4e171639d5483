/** Builds the nodes of a template. Error texts are those of text/template/parse. */
import { syntaxError, type Token, type TokenKind, tokenize } from './lexer.ts';
import type { CommandNode, Node, Operand, Pipe } from './nodes.ts';
import { unquote } from './quote.ts';

export interface Template {
  source: string;
  body: Node[];
  /** Templates made by {{define}} and {{block}}. */
  defined: Map<string, Node[]>;
}

/** Throws TemplateSyntaxError. `functions` are the names that may be called. */
export function parseTemplate(source: string, functions: ReadonlySet<string>): Template {
  return new Parser(source, functions).parse();
}

/** What ended a list of nodes. */
type Ending = { word: 'end' | 'else' | 'eof'; token: Token };

class Parser {
  readonly #tokens: Token[];
  readonly #defined = new Map<string, Node[]>();
  #next = 0;
  #variables: string[] = ['$'];
  #rangeDepth = 0;

  constructor(
    private readonly source: string,
    private readonly functions: ReadonlySet<string>,
  ) {
    this.#tokens = tokenize(source);
  }

  parse(): Template {
    const body: Node[] = [];
    const ending = this.#list(body, true);
    if (ending.word !== 'eof') throw this.#error(ending.token, `unexpected {{${ending.word}}}`);
    return { source: this.source, body, defined: this.#defined };
  }

  // -- tokens

  #take(): Token {
    const token = this.#tokens[this.#next];
    if (this.#next < this.#tokens.length - 1) this.#next += 1;
    return token ?? { kind: 'eof', text: '', at: this.source.length };
  }

  #peek(): Token {
    return this.#tokens[this.#next] ?? { kind: 'eof', text: '', at: this.source.length };
  }

  #skipSpace(): void {
    while (this.#peek().kind === 'space') this.#next += 1;
  }

  #takeSolid(): Token {
    this.#skipSpace();
    return this.#take();
  }

  #peekSolid(): Token {
    this.#skipSpace();
    return this.#peek();
  }

  #expect(kind: TokenKind, context: string): Token {
    const token = this.#takeSolid();
    if (token.kind !== kind) throw this.#unexpected(token, context);
    return token;
  }

  #error(token: { at: number }, message: string): Error {
    return syntaxError(this.source, token.at, message);
  }

  #unexpected(token: Token, context: string): Error {
    if (token.kind === 'eof') return this.#error(token, 'unexpected EOF');
    const text =
      token.kind === 'keyword'
        ? `<${token.text}>`
        : token.kind === 'space'
          ? '" "'
          : JSON.stringify(token.text);
    return this.#error(token, `unexpected ${text} in ${context}`);
  }

  // -- lists and actions

  #list(into: Node[], top = false): Ending {
    for (;;) {
      const token = this.#take();
      if (token.kind === 'eof') return { word: 'eof', token };
      if (token.kind === 'text') {
        into.push({ type: 'text', text: token.text });
        continue;
      }
      const first = this.#peekSolid();
      if (first.kind !== 'keyword') {
        into.push({ type: 'action', pipe: this.#pipe('command', 'close') });
        continue;
      }
      this.#takeSolid();
      if (first.text === 'end') {
        this.#expect('close', 'end');
        return { word: 'end', token: first };
      }
      if (first.text === 'else') return { word: 'else', token: first };
      this.#keyword(first, into, top);
    }
  }

  #keyword(token: Token, into: Node[], top: boolean): void {
    switch (token.text) {
      case 'if':
      case 'with':
      case 'range':
        into.push(this.#control(token.text, token));
        return;
      case 'break':
      case 'continue':
        this.#expect('close', token.text);
        if (this.#rangeDepth === 0) throw this.#error(token, `{{${token.text}}} outside {{range}}`);
        into.push({ type: token.text });
        return;
      case 'define':
        if (!top) throw this.#unexpected(token, '{{define}}');
        this.#define(token);
        return;
      case 'block':
        into.push(this.#block(token));
        return;
      case 'template':
        into.push(this.#template(token));
        return;
      default:
        throw this.#unexpected(token, 'command');
    }
  }

  #control(type: 'if' | 'with' | 'range', token: Token): Node {
    const scope = this.#variables.length;
    const pipe = this.#pipe(type, 'close');
    const body: Node[] = [];
    if (type === 'range') this.#rangeDepth += 1;
    let ending = this.#list(body);
    if (type === 'range') this.#rangeDepth -= 1;
    let otherwise: Node[] | null = null;
    if (ending.word === 'else') {
      otherwise = [];
      const following = this.#peekSolid();
      const chained = following.kind === 'keyword' && following.text === type && type !== 'range';
      if (chained) {
        this.#takeSolid();
        otherwise.push(this.#control(type, following));
        this.#variables.length = scope;
        return { type, pipe, body, otherwise };
      }
      this.#expect('close', 'else');
      ending = this.#list(otherwise);
      if (ending.word === 'else') throw this.#error(ending.token, 'expected end; found {{else}}');
    }
    if (ending.word === 'eof') throw this.#error(token, 'unexpected EOF');
    this.#variables.length = scope;
    return { type, pipe, body, otherwise };
  }

  #define(token: Token): void {
    const name = this.#name('define clause');
    this.#expect('close', 'define clause');
    this.#defined.set(name, this.#definition(token));
  }

  #block(token: Token): Node {
    const name = this.#name('block clause');
    const pipe = this.#pipe('block clause', 'close');
    this.#defined.set(name, this.#definition(token));
    return { type: 'template', name, pipe, at: token.at };
  }

  #definition(token: Token): Node[] {
    const variables = this.#variables;
    this.#variables = ['$'];
    const body: Node[] = [];
    const ending = this.#list(body);
    if (ending.word !== 'end')
      throw this.#error(token, ending.word === 'eof' ? 'unexpected EOF' : 'unexpected {{else}}');
    this.#variables = variables;
    return body;
  }

  #template(token: Token): Node {
    const name = this.#name('template clause');
    if (this.#peekSolid().kind === 'close') {
      this.#takeSolid();
      return { type: 'template', name, pipe: null, at: token.at };
    }
    return { type: 'template', name, pipe: this.#pipe('template clause', 'close'), at: token.at };
  }

  #name(context: string): string {
    const token = this.#takeSolid();
    if (token.kind !== 'string' && token.kind !== 'raw') throw this.#unexpected(token, context);
    return this.#unquoted(token);
  }

  // -- pipelines

  #pipe(context: string, end: 'close' | 'right'): Pipe {
    const start = this.#peekSolid();
    const pipe: Pipe = { type: 'pipe', variables: [], assigns: false, commands: [], at: start.at };
    this.#declarations(pipe, context);
    for (;;) {
      const token = this.#peekSolid();
      if (token.kind === end) {
        this.#takeSolid();
        if (pipe.commands.length === 0) throw this.#error(token, `missing value for ${context}`);
        this.#checkLater(pipe);
        return pipe;
      }
      if (token.kind === 'eof') throw this.#unexpected(token, context);
      if (token.kind === 'close' || token.kind === 'right' || token.kind === 'pipe') {
        if (token.kind === 'close' && end === 'right') throw this.#error(token, 'unclosed left paren');
        throw this.#unexpected(token, context === 'command' && token.kind !== 'pipe' ? 'command' : context);
      }
      pipe.commands.push(this.#command());
    }
  }

  /** Only functions, methods and fields may receive the value of a pipe. */
  #checkLater(pipe: Pipe): void {
    pipe.commands.slice(1).forEach((command, index) => {
      const [first] = command.args;
      if (first && ['bool', 'dot', 'nil', 'number', 'string'].includes(first.type))
        throw this.#error(first, `non executable command in pipeline stage ${index + 2}`);
    });
  }

  #declarations(pipe: Pipe, context: string): void {
    const saved = this.#next;
    const names: string[] = [];
    for (;;) {
      const token = this.#takeSolid();
      if (token.kind !== 'variable') break;
      names.push(token.text);
      const after = this.#takeSolid();
      if (after.kind === 'declare' || after.kind === 'assign') {
        pipe.variables = names;
        pipe.assigns = after.kind === 'assign';
        if (names.length > 1 && context !== 'range')
          throw this.#error(token, `too many declarations in ${context}`);
        if (pipe.assigns) for (const name of names) this.#checkVariable(token, name);
        else this.#variables.push(...names);
        return;
      }
      if (after.kind !== 'comma' || context !== 'range' || names.length > 1) break;
    }
    this.#next = saved;
  }

  #checkVariable(token: Token, name: string): void {
    if (!this.#variables.includes(name))
      throw this.#error(token, `undefined variable ${JSON.stringify(name)}`);
  }

  #command(): CommandNode {
    const command: CommandNode = { args: [], at: this.#peekSolid().at };
    for (;;) {
      this.#skipSpace();
      const operand = this.#operand();
      if (operand) command.args.push(operand);
      const token = this.#peek();
      if (token.kind === 'space') {
        this.#skipSpace();
        if (!['pipe', 'close', 'right', 'eof'].includes(this.#peek().kind)) continue;
      }
      const end = this.#peek();
      if (end.kind === 'close' || end.kind === 'right' || end.kind === 'eof') break;
      if (end.kind !== 'pipe') throw this.#unexpected(end, 'operand');
      this.#take();
      const following = this.#peekSolid();
      if (following.kind === 'close' || following.kind === 'right')
        throw this.#error(following, 'missing value for command');
      break;
    }
    if (command.args.length === 0) throw this.#error(this.#peek(), 'empty command');
    return command;
  }

  #operand(): Operand | null {
    const term = this.#term();
    if (!term || this.#peek().kind !== 'field') return term;
    // Go gives such a chain the position of its second part.
    const { at } = this.#peek();
    const names: string[] = [];
    while (this.#peek().kind === 'field') names.push(this.#take().text.slice(1));
    if (term.type === 'field') return { ...term, names: [...term.names, ...names], at };
    if (term.type === 'variable') return { ...term, fields: [...term.fields, ...names], at };
    if (['bool', 'string', 'number', 'nil', 'dot'].includes(term.type))
      throw this.#error(
        term,
        `unexpected . after term ${JSON.stringify(names.length > 0 ? `.${names[0]}` : '')}`,
      );
    return { type: 'chain', operand: term, names, at };
  }

  #term(): Operand | null {
    const token = this.#peek();
    const { at, text } = token;
    const operand = this.#simple(token);
    if (operand) {
      this.#take();
      return operand;
    }
    if (token.kind === 'left') {
      this.#take();
      return this.#pipe('parenthesized pipeline', 'right');
    }
    if (token.kind === 'keyword') throw this.#unexpected(token, 'operand');
    if (['pipe', 'close', 'right', 'eof'].includes(token.kind)) return null;
    throw syntaxError(this.source, at, `unexpected ${JSON.stringify(text)} in operand`);
  }

  #simple(token: Token): Operand | null {
    const { at, text, kind } = token;
    if (kind === 'dot') return { type: 'dot', at };
    if (kind === 'nil') return { type: 'nil', at };
    if (kind === 'bool') return { type: 'bool', value: text === 'true', at };
    if (kind === 'field') return { type: 'field', names: [text.slice(1)], at };
    if (kind === 'number') return { type: 'number', value: Number(text.replaceAll('_', '')), text, at };
    if (kind === 'char')
      return { type: 'number', value: this.#unquoted(token).codePointAt(0) ?? 0, text, at };
    if (kind === 'string' || kind === 'raw')
      return { type: 'string', value: this.#unquoted(token), text, at };
    if (kind === 'variable') {
      this.#checkVariable(token, text);
      return { type: 'variable', name: text, fields: [], at };
    }
    if (kind !== 'identifier') return null;
    if (!this.functions.has(text)) throw this.#error(token, `function ${JSON.stringify(text)} not defined`);
    return { type: 'function', name: text, at };
  }

  #unquoted(token: Token): string {
    const value = unquote(token.text);
    if (value === null) throw this.#error(token, 'invalid syntax');
    return value;
  }
}
