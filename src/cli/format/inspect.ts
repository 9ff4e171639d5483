/** `inspect`: objects as the daemon sent them, laid out, or through a template. */
import { messageOf } from '../../lib/errors.ts';
import { ExitError, exitCode } from '../exit.ts';
import { writeErr, writeOut } from '../terminal/output.ts';
import { indentJson, parseExact } from './json.ts';

/** Prints what `fetch` (raw JSON text) finds; what is missing is told at the end, with exit code 1. */
export async function inspectAll(
  names: readonly string[],
  format: string,
  fetch: (name: string) => Promise<string>,
): Promise<number> {
  const show = format === '' || format === 'json' ? (text: string) => text.trim() : await templated(format);
  const found: string[] = [];
  const errors: string[] = [];
  for (const name of names) {
    try {
      found.push(show(await fetch(name)));
    } catch (error) {
      errors.push(messageOf(error));
    }
  }
  if (format === '') writeOut(`${found.length === 0 ? '[]' : indentJson(`[${found.join(',')}]`, '    ')}\n`);
  else if (format === 'json') writeOut(`[${found.join(',')}]\n`);
  else writeOut(found.length === 0 ? '\n' : found.map((text) => `${text}\n`).join(''));
  if (errors.length === 0) return exitCode.success;
  writeErr(`${errors.join('\n')}\n`);
  return exitCode.failure;
}

async function templated(format: string): Promise<(text: string) => string> {
  const { compile, render } = await import('../template/template.ts');
  const { lookupField } = await import('./zero-values.ts');
  const template = compileOrExit(() => compile(format));
  return (text) => {
    try {
      return render(template, parseExact(text), { lookup: lookupField, missing: 'error' });
    } catch (error) {
      throw new Error(`template parsing error: ${messageOf(error)}`);
    }
  };
}

function compileOrExit<T>(compile: () => T): T {
  try {
    return compile();
  } catch (error) {
    throw new ExitError(messageOf(error), exitCode.badTemplate);
  }
}
