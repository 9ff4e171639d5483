/** What the parser of one instruction gets, and the refusals that several of them share. */
import { type Problem, problem } from '../error.ts';
import type { Node } from '../lines/nodes.ts';
import type { EscapeToken } from '../shell/lexer.ts';

export interface Request {
  node: Node;
  escapeToken: EscapeToken;
}

/** The fields that every instruction has. */
export function common({ keyword, source, location, heredocs, comments }: Node) {
  return { keyword, source, location, heredocs, comments };
}

export const needsOne = (name: string): Problem => problem(`${name} requires exactly one argument`);
export const needsSome = (name: string): Problem => problem(`${name} requires at least one argument`);
export const blankName = (name: string): Problem => problem(`${name} names can not be blank`);
