/**
 * Values that templates work on: JSON values, functions (methods), and objects that answer field lookups themselves.
 * JSON objects behave as Go maps; a `Struct` behaves as a Go struct whose type has a name.
 */

/** A value with named fields and methods, as a Go struct has them. */
export interface Struct {
  readonly [structMark]: true;
  readonly typeName: string;
  /**
   * undefined when there is no such field. A function is a method that takes arguments. `$text` and `$json` are what it is
   * printed as, where it is not one of the views' rows.
   */
  field(name: string): unknown;
}

export const structMark: unique symbol = Symbol('struct');

export function makeStruct(typeName: string, field: (name: string) => unknown): Struct {
  return { [structMark]: true, typeName, field };
}

export function isStruct(value: unknown): value is Struct {
  return typeof value === 'object' && value !== null && structMark in value;
}

/** A nil pointer: prints as `<nil>`, is false, has no fields. */
export const nilPointer: Struct = makeStruct('*struct', () => undefined);

export type Method = (...args: unknown[]) => unknown;

export function isMethod(value: unknown): value is Method {
  return typeof value === 'function';
}

export function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isStruct(value);
}

/** Go's truth: everything but false, 0, "", nil and what is empty. */
export function isTrue(value: unknown): boolean {
  if (value === null || value === undefined || value === nilPointer) return false;
  if (Array.isArray(value)) return value.length > 0;
  if (isMap(value)) return Object.keys(value).length > 0;
  if (isStruct(value)) return true;
  return Boolean(value);
}

/** Go's name for the type of a value, for error messages. */
export function typeName(value: unknown): string {
  if (value === null || value === undefined) return '<nil>';
  if (Array.isArray(value)) return '[]interface {}';
  if (isStruct(value)) return value.typeName;
  switch (typeof value) {
    case 'string':
      return 'string';
    case 'boolean':
      return 'bool';
    case 'bigint':
      return 'int';
    case 'number':
      return Number.isInteger(value) ? 'int' : 'float64';
    case 'function':
      return 'func()';
    default:
      return 'map[string]interface {}';
  }
}

export function sortedKeys(map: Record<string, unknown>): string[] {
  return Object.keys(map).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}
