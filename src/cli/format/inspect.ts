/** `inspect`: objects as the daemon sent them, laid out, or through a template. */
import { messageOf } from '../../lib/errors.ts';
import { exitCode } from '../exit.ts';
import { writeErr, writeOut } from '../terminal/output.ts';
import { indentJson } from './json.ts';

/** Prints what `fetch` (raw JSON text) finds; what is missing is told at the end, with exit code 1. */
export async function inspectAll(
  names: readonly string[],
  format: string,
  fetch: (name: string) => Promise<string>,
): Promise<number> {
  const template = format === '' || format === 'json' ? null : await prepare(format);
  const found: string[] = [];
  const errors: string[] = [];
  for (const name of names) {
    try {
      found.push((await fetch(name)).trim());
    } catch (error) {
      errors.push(messageOf(error));
    }
  }
  if (format === '') writeOut(`${found.length === 0 ? '[]' : indentJson(`[${found.join(',')}]`, '    ')}\n`);
  else if (!template) writeOut(`[${found.join(',')}]\n`.replace(/^\[\]\n$/, '[]\n'));
  else writeOut(found.length === 0 ? '\n' : found.map((text) => `${template(text)}\n`).join(''));
  if (errors.length === 0) return exitCode.success;
  writeErr(`${errors.join('\n')}\n`);
  return exitCode.failure;
}

async function prepare(format: string): Promise<(text: string) => string> {
  const { compile, render } = await import('../template/template.ts');
  const { lookupField } = await import('./zero-values.ts');
  const template = compile(format);
  return (text) => {
    try {
      return render(template, JSON.parse(text), { lookup: lookupField, missing: 'error' });
    } catch (error) {
      throw new Error(`template parsing error: ${messageOf(error)}`);
    }
  };
}
