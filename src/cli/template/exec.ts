/** Runs a parsed template over a value, with the evaluation rules and error texts of Go's text/template. */
import { arity, builtins, type TemplateFunction } from './functions.ts';
import { type CommandNode, type Node, type Operand, type Pipe, show, showCommand } from './nodes.ts';
import type { Template } from './parser.ts';
import { formatValue } from './print.ts';
import { isMap, isMethod, isStruct, isTrue, nilPointer, sortedKeys, typeName } from './values.ts';

export class TemplateExecError extends Error {}

/** How a name that is not a field of a struct is looked up in a map. undefined = no entry. */
export type MapLookup = (map: Record<string, unknown>, name: string) => unknown;

export interface ExecOptions {
  functions?: Readonly<Record<string, TemplateFunction>>;
  lookup?: MapLookup;
  /** What a map without the entry gives: an error, or nothing (shown as `<no value>`). */
  missing?: 'error' | 'nothing';
}

export function execute(template: Template, data: unknown, options: ExecOptions = {}): string {
  const run = new Execution(template, options);
  run.walk(template.body, data, [{ name: '$', value: data }]);
  return run.output;
}

interface Variable {
  name: string;
  value: unknown;
}

type Flow = 'normal' | 'break' | 'continue';

const maxDepth = 1000;
const noArgument: unique symbol = Symbol('no argument');

class Execution {
  output = '';
  readonly #functions: Readonly<Record<string, TemplateFunction>>;
  readonly #lookup: MapLookup;
  #depth = 0;

  constructor(
    private readonly template: Template,
    private readonly options: ExecOptions,
  ) {
    this.#functions = options.functions ?? builtins;
    this.#lookup = options.lookup ?? ((map, name) => (Object.hasOwn(map, name) ? map[name] : undefined));
  }

  walk(nodes: readonly Node[], dot: unknown, variables: Variable[]): Flow {
    for (const node of nodes) {
      const flow = this.#step(node, dot, variables);
      if (flow !== 'normal') return flow;
    }
    return 'normal';
  }

  #step(node: Node, dot: unknown, variables: Variable[]): Flow {
    switch (node.type) {
      case 'text':
        this.output += node.text;
        return 'normal';
      case 'action': {
        const value = this.#pipe(node.pipe, dot, variables);
        if (node.pipe.variables.length === 0) this.output += this.#printed(value, node.pipe);
        return 'normal';
      }
      case 'if':
      case 'with': {
        const inner = [...variables];
        const value = this.#pipe(node.pipe, dot, inner);
        const next = node.type === 'with' && isTrue(value) ? value : dot;
        const flow = this.walk(isTrue(value) ? node.body : (node.otherwise ?? []), next, inner);
        return flow;
      }
      case 'range':
        return this.#range(node, dot, variables);
      case 'template':
        return this.#call(node, dot, variables);
      case 'break':
      case 'continue':
        return node.type;
    }
  }

  #range(node: Extract<Node, { type: 'if' | 'with' | 'range' }>, dot: unknown, variables: Variable[]): Flow {
    const inner = [...variables];
    const declared = { ...node.pipe, variables: [] };
    const value = this.#pipe(declared, dot, inner);
    const pairs = this.#pairs(value, node.pipe);
    for (const [key, item] of pairs) {
      const scope = [...inner];
      this.#bindRange(node.pipe, key, item, scope);
      if (this.walk(node.body, item, scope) === 'break') break;
    }
    if (pairs.length === 0 && node.otherwise) return this.walk(node.otherwise, dot, inner);
    return 'normal';
  }

  #bindRange(pipe: Pipe, key: unknown, item: unknown, scope: Variable[]): void {
    const [first, second] = pipe.variables;
    const set = (name: string, value: unknown) => {
      if (pipe.assigns) this.#assign(scope, name, value);
      else scope.push({ name, value });
    };
    if (first !== undefined && second === undefined) set(first, item);
    if (first !== undefined && second !== undefined) {
      set(first, key);
      set(second, item);
    }
  }

  #pairs(value: unknown, pipe: Pipe): [unknown, unknown][] {
    if (value === null || value === undefined) return [];
    if (Array.isArray(value)) return value.map((item, position) => [position, item]);
    if (typeof value === 'number' && Number.isInteger(value))
      return Array.from({ length: Math.max(0, value) }, (_, i) => [i, i]);
    if (isMap(value)) return sortedKeys(value).map((key) => [key, value[key]]);
    throw this.#error(pipe.at, show(pipe), `range can't iterate over ${formatValue(value)}`);
  }

  #call(node: Extract<Node, { type: 'template' }>, dot: unknown, variables: Variable[]): Flow {
    const body = this.template.defined.get(node.name);
    const text = `{{template ${JSON.stringify(node.name)}}}`;
    if (!body) throw this.#error(node.at, text, `template ${JSON.stringify(node.name)} not defined`);
    if (++this.#depth > maxDepth)
      throw this.#error(node.at, text, `exceeded maximum template depth (${maxDepth})`);
    const value = node.pipe ? this.#pipe(node.pipe, dot, variables) : null;
    this.walk(body, value, [{ name: '$', value }]);
    this.#depth -= 1;
    return 'normal';
  }

  #printed(value: unknown, pipe: Pipe): string {
    if (isMethod(value)) throw this.#error(pipe.at, show(pipe), `can't print ${show(pipe)} of type func()`);
    return formatValue(value, '<no value>');
  }

  #pipe(pipe: Pipe, dot: unknown, variables: Variable[]): unknown {
    let value: unknown = noArgument;
    for (const command of pipe.commands) value = this.#command(command, dot, variables, value);
    if (value === noArgument) return null;
    for (const name of pipe.variables) {
      if (pipe.assigns) this.#assign(variables, name, value);
      else variables.push({ name, value });
    }
    return value;
  }

  #assign(variables: Variable[], name: string, value: unknown): void {
    const variable = variables.findLast((candidate) => candidate.name === name);
    if (variable) variable.value = value;
  }

  #command(command: CommandNode, dot: unknown, variables: Variable[], final: unknown): unknown {
    const [first, ...rest] = command.args;
    if (!first) return null;
    const args = () => {
      const values = rest.map((operand) => this.#operand(operand, dot, variables));
      return final === noArgument ? values : [...values, final];
    };
    const given = rest.length > 0 || final !== noArgument;
    switch (first.type) {
      case 'function':
        return this.#function(first, rest, dot, variables, final);
      case 'field':
        return this.#fields(dot, first.names, first, given ? args : null);
      case 'chain':
        return this.#fields(
          this.#operand(first.operand, dot, variables),
          first.names,
          first,
          given ? args : null,
        );
      case 'variable':
        return this.#fields(this.#variable(first.name, variables), first.fields, first, given ? args : null);
      case 'pipe':
        return this.#pipe(first, dot, variables);
      default:
        if (given)
          throw this.#error(first.at, show(first), `can't give argument to non-function ${show(first)}`);
        if (first.type === 'nil') throw this.#error(first.at, show(first), 'nil is not a command');
        return this.#operand(first, dot, variables);
    }
  }

  #operand(operand: Operand, dot: unknown, variables: Variable[]): unknown {
    switch (operand.type) {
      case 'dot':
        return dot;
      case 'nil':
        return null;
      case 'bool':
      case 'number':
      case 'string':
        return operand.value;
      case 'field':
        return this.#fields(dot, operand.names, operand, null);
      case 'variable':
        return this.#fields(this.#variable(operand.name, variables), operand.fields, operand, null);
      case 'chain':
        return this.#fields(this.#operand(operand.operand, dot, variables), operand.names, operand, null);
      case 'function':
        return this.#function(operand, [], dot, variables, noArgument);
      case 'pipe':
        return this.#pipe(operand, dot, variables);
    }
  }

  #variable(name: string, variables: readonly Variable[]): unknown {
    return variables.findLast((variable) => variable.name === name)?.value ?? null;
  }

  #function(
    node: Extract<Operand, { type: 'function' }>,
    operands: readonly Operand[],
    dot: unknown,
    variables: Variable[],
    final: unknown,
  ): unknown {
    if (node.name === 'and' || node.name === 'or') return this.#logic(node, operands, dot, variables, final);
    const args = operands.map((operand) => this.#operand(operand, dot, variables));
    if (final !== noArgument) args.push(final);
    const [min, max] = arity[node.name] ?? [0, Number.POSITIVE_INFINITY];
    if (args.length < min || args.length > max)
      throw this.#error(
        node.at,
        node.name,
        `wrong number of args for ${node.name}: want ${min} got ${args.length}`,
      );
    try {
      return this.#functions[node.name]?.(...args) ?? null;
    } catch (error) {
      if (error instanceof TemplateExecError) throw error;
      const text = showCommand({ args: [node, ...operands], at: node.at });
      const reason = error instanceof Error ? error.message : String(error);
      throw this.#error(node.at, text, `error calling ${node.name}: ${reason}`);
    }
  }

  /** Stops at the first argument that decides. */
  #logic(
    node: Extract<Operand, { type: 'function' }>,
    operands: readonly Operand[],
    dot: unknown,
    variables: Variable[],
    final: unknown,
  ): unknown {
    const stopAt = node.name === 'or';
    let value: unknown = noArgument;
    for (const operand of operands) {
      value = this.#operand(operand, dot, variables);
      if (isTrue(value) === stopAt) return value;
    }
    if (final !== noArgument) value = final;
    if (value === noArgument)
      throw this.#error(node.at, node.name, `wrong number of args for ${node.name}: want at least 1 got 0`);
    return value;
  }

  #fields(start: unknown, names: readonly string[], node: Operand, args: (() => unknown[]) | null): unknown {
    let value = start;
    names.forEach((name, position) => {
      const last = position === names.length - 1;
      value = this.#field(value, name, node, last && args ? args() : []);
    });
    if (args && names.length === 0) {
      if (isMethod(value)) return value(...args());
      throw this.#error(node.at, show(node), `can't give argument to non-function ${show(node)}`);
    }
    return value;
  }

  #field(receiver: unknown, name: string, node: Operand, args: unknown[]): unknown {
    const fail = (message: string) => this.#error(node.at, show(node), message);
    if (receiver === null || receiver === undefined)
      throw fail(`nil data; no entry for key ${JSON.stringify(name)}`);
    if (receiver === nilPointer) throw fail(`nil pointer evaluating ${nilPointer.typeName}.${name}`);
    if (isStruct(receiver)) {
      const value = receiver.field(name);
      if (value === undefined) throw fail(`can't evaluate field ${name} in type ${receiver.typeName}`);
      return this.#called(value, name, args, fail);
    }
    if (!isMap(receiver)) throw fail(`can't evaluate field ${name} in type ${typeName(receiver)}`);
    const value = this.#lookup(receiver, name);
    if (value === undefined && this.options.missing === 'error')
      throw fail(`map has no entry for key ${JSON.stringify(name)}`);
    return this.#called(value ?? null, name, args, fail);
  }

  #called(value: unknown, name: string, args: unknown[], fail: (message: string) => Error): unknown {
    if (!isMethod(value)) {
      if (args.length > 0) throw fail(`${name} is not a method but has arguments`);
      return value;
    }
    if (args.length !== value.length)
      throw fail(`wrong number of args for ${name}: want ${value.length} got ${args.length}`);
    return value(...args);
  }

  #error(at: number, context: string, message: string): TemplateExecError {
    const before = this.template.source.slice(0, at);
    const line = before.split('\n').length;
    const column = Buffer.byteLength(before.slice(before.lastIndexOf('\n') + 1));
    const shown = context.length > 20 ? `${context.slice(0, 20)}...` : context;
    return new TemplateExecError(`template: :${line}:${column}: executing "" at <${shown}>: ${message}`);
  }
}
