/** Option values of the form `type=local,dest=out`: one record of CSV whose fields are key=value. */
import { messageOf } from '../../lib/errors.ts';
import { ExitError } from '../exit.ts';
import { parseCsv } from '../flags/csv.ts';
import { parseBool } from '../flags/numbers.ts';

export function csvFields(text: string, option: string): string[] {
  try {
    return parseCsv(text);
  } catch (error) {
    throw new ExitError(`invalid --${option} ${JSON.stringify(text)}: ${messageOf(error)}`);
  }
}

/** Keys in lower case; the last of several counts. */
export function parseAttributes(fields: readonly string[], option: string): Map<string, string> {
  return new Map(
    fields.map((field) => {
      const equals = field.indexOf('=');
      if (equals < 0)
        throw new ExitError(
          `invalid --${option}: invalid field ${JSON.stringify(field)}: it must be key=value`,
        );
      return [field.slice(0, equals).toLowerCase(), field.slice(equals + 1)];
    }),
  );
}

/** `known`: every key that means something. */
export function refuseUnknown(
  attributes: ReadonlyMap<string, string>,
  known: readonly string[],
  option: string,
): void {
  for (const key of attributes.keys())
    if (!known.includes(key))
      throw new ExitError(`invalid --${option}: unexpected key ${JSON.stringify(key)}`);
}

/** As Go reads it: "true", "TRUE", "t", "1"… */
export function booleanOf(
  attributes: ReadonlyMap<string, string>,
  key: string,
  otherwise: boolean,
  option: string,
): boolean {
  const text = attributes.get(key);
  if (text === undefined) return otherwise;
  try {
    return parseBool(text);
  } catch {
    throw new ExitError(`invalid --${option}: invalid value ${JSON.stringify(text)} for ${key}`);
  }
}
