/** The parsed form of a template. */

export type Node =
  | { type: 'text'; text: string }
  | { type: 'action'; pipe: Pipe }
  | { type: 'if' | 'with' | 'range'; pipe: Pipe; body: Node[]; otherwise: Node[] | null }
  | { type: 'template'; name: string; pipe: Pipe | null; at: number }
  | { type: 'break' | 'continue' };

export interface Pipe {
  type: 'pipe';
  variables: string[];
  /** `=` sets existing variables, `:=` makes new ones. */
  assigns: boolean;
  commands: CommandNode[];
  at: number;
}

export interface CommandNode {
  args: Operand[];
  at: number;
}

export type Operand =
  | { type: 'dot'; at: number }
  | { type: 'nil'; at: number }
  | { type: 'bool'; value: boolean; at: number }
  | { type: 'number'; value: number; text: string; at: number }
  | { type: 'string'; value: string; text: string; at: number }
  | { type: 'field'; names: string[]; at: number }
  | { type: 'variable'; name: string; fields: string[]; at: number }
  | { type: 'function'; name: string; at: number }
  | { type: 'chain'; operand: Operand; names: string[]; at: number }
  | Pipe;

/** The node as it would be written, for error messages. */
export function show(operand: Operand): string {
  switch (operand.type) {
    case 'dot':
      return '.';
    case 'nil':
      return 'nil';
    case 'bool':
      return String(operand.value);
    case 'number':
    case 'string':
      return operand.text;
    case 'field':
      return operand.names.map((name) => `.${name}`).join('');
    case 'variable':
      return [operand.name, ...operand.fields].join('.');
    case 'function':
      return operand.name;
    case 'chain': {
      const inner = show(operand.operand);
      const base = operand.operand.type === 'pipe' ? `(${inner})` : inner;
      return base + operand.names.map((name) => `.${name}`).join('');
    }
    case 'pipe': {
      const variables = operand.variables.join(', ');
      const prefix = variables === '' ? '' : `${variables} ${operand.assigns ? '=' : ':='} `;
      return prefix + operand.commands.map(showCommand).join(' | ');
    }
  }
}

export function showCommand(command: CommandNode): string {
  return command.args.map((arg) => (arg.type === 'pipe' ? `(${show(arg)})` : show(arg))).join(' ');
}
