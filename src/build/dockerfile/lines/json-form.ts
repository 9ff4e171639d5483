import { plainProblem } from '../error.ts';
import { trimLeft } from '../text.ts';

/**
 * `["a", "b"]` as strings. null = not JSON, so it is the shell form: BuildKit is as lenient. Throws for an array that is
 * JSON but holds anything but strings.
 */
export function parseJsonForm(text: string): string[] | null {
  const array = trimLeft(text);
  if (!array.startsWith('[')) return null;
  let value: unknown;
  try {
    value = JSON.parse(array);
  } catch {
    return null;
  }
  if (!Array.isArray(value)) return null;
  return value.map((element: unknown) => {
    if (typeof element !== 'string')
      throw plainProblem('when using JSON array syntax, arrays must be comprised of strings only');
    return element.toWellFormed();
  });
}
