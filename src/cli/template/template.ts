/** Parsing and running Go templates in one place. */
import { type ExecOptions, execute } from './exec.ts';
import { builtins } from './functions.ts';
import { parseTemplate, type Template } from './parser.ts';

const names: ReadonlySet<string> = new Set([...Object.keys(builtins), 'and', 'or']);

export type { Template };

/** Throws an Error with Go's text, prefixed as the Docker CLI does it. */
export function compile(source: string): Template {
  try {
    return parseTemplate(source, names);
  } catch (error) {
    throw new Error(`template parsing error: ${error instanceof Error ? error.message : error}`);
  }
}

export function render(template: Template, data: unknown, options?: ExecOptions): string {
  return execute(template, data, options);
}
