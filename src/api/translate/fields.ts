/** Reads unchecked JSON field by field, as Go's decoder does: any case of a key, null as absent, and Go's error texts. */
import { invalid } from '../../lib/errors.ts';

type Json = unknown;

function kindOf(value: Json): string {
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'number') return Number.isInteger(value) ? 'number' : `number ${value}`;
  return typeof value;
}

export class Fields {
  readonly #values: ReadonlyMap<string, Json>;
  readonly #struct: string;
  readonly #path: string;

  private constructor(value: object, struct: string, path: string) {
    this.#values = new Map(Object.entries(value).map(([key, item]) => [key.toLowerCase(), item]));
    this.#struct = struct;
    this.#path = path;
  }

  /** The whole body. `struct` is the Go type that errors name. null: no body was sent, every field is absent. */
  static of(value: Json, struct: string): Fields {
    if (value === null || value === undefined) return new Fields({}, struct, '');
    if (typeof value !== 'object' || Array.isArray(value))
      throw invalid(`invalid JSON: json: cannot unmarshal ${kindOf(value)} into Go value of type ${struct}`);
    return new Fields(value, struct, '');
  }

  /** undefined when absent or null. */
  #get(name: string): Json {
    return this.#values.get(name.toLowerCase()) ?? undefined;
  }

  #refuse(name: string, value: Json, type: string): never {
    throw invalid(
      `invalid JSON: json: cannot unmarshal ${kindOf(value)} into Go struct field ${this.#struct}.${this.#path}${name} of type ${type}`,
    );
  }

  has(name: string): boolean {
    return this.#get(name) !== undefined;
  }

  text(name: string): string {
    const value = this.#get(name);
    if (value === undefined) return '';
    return typeof value === 'string' ? value : this.#refuse(name, value, 'string');
  }

  /** A string that some clients send as a number (a host port). */
  textOrNumber(name: string): string {
    const value = this.#get(name);
    return typeof value === 'number' && Number.isInteger(value) ? String(value) : this.text(name);
  }

  boolean(name: string): boolean {
    return this.booleanOrNull(name) ?? false;
  }

  booleanOrNull(name: string): boolean | null {
    const value = this.#get(name);
    if (value === undefined) return null;
    return typeof value === 'boolean' ? value : this.#refuse(name, value, 'bool');
  }

  integer(name: string): number {
    return this.integerOrNull(name) ?? 0;
  }

  integerOrNull(name: string): number | null {
    const value = this.#get(name);
    if (value === undefined) return null;
    // Beyond 2^53 a JSON number has already lost digits; such limits all mean "without bound".
    return typeof value === 'number' && Number.isInteger(value) ? value : this.#refuse(name, value, 'int64');
  }

  texts(name: string): string[] {
    return this.textsOrNull(name) ?? [];
  }

  textsOrNull(name: string): string[] | null {
    const value = this.#get(name);
    if (value === undefined) return null;
    if (!Array.isArray(value)) return this.#refuse(name, value, '[]string');
    return value.map((item: Json) => {
      if (item === null) return '';
      return typeof item === 'string' ? item : this.#refuse(name, item, 'string');
    });
  }

  /** Go's strslice: a list of strings, or one string. */
  words(name: string): string[] | null {
    const value = this.#get(name);
    return typeof value === 'string' ? [value] : this.textsOrNull(name);
  }

  object(name: string): Fields | null {
    const value = this.#get(name);
    if (value === undefined) return null;
    return this.#nested(name, value);
  }

  /** The members of an object with arbitrary keys, whose values are objects (null: an empty one). */
  entries(name: string): [key: string, value: Fields][] {
    return this.#members(name).map(([key, item]) => [key, this.#nested(`${name}.${key}`, item ?? {})]);
  }

  keys(name: string): string[] {
    return this.#members(name).map(([key]) => key);
  }

  textMap(name: string): Record<string, string> {
    return Object.fromEntries(
      this.#members(name).map(([key, item]) => {
        if (item === null) return [key, ''];
        return [key, typeof item === 'string' ? item : this.#refuse(`${name}.${key}`, item, 'string')];
      }),
    );
  }

  list<T>(name: string, read: (item: Fields) => T): T[] {
    return this.items(name).map((item) => read(this.#nested(name, item ?? {})));
  }

  /** The members of an object whose values are lists of objects (null: none). */
  lists<T>(name: string, read: (item: Fields) => T): [key: string, items: T[]][] {
    return this.#members(name).map(([key, item]) => {
      const holder = new Fields({ [key]: item }, this.#struct, `${this.#path}${name}.`);
      return [key, holder.list(key, read)];
    });
  }

  /** The raw members of a list. */
  items(name: string): Json[] {
    const value = this.#get(name);
    if (value === undefined) return [];
    return Array.isArray(value) ? value : this.#refuse(name, value, 'list');
  }

  #members(name: string): [string, Json][] {
    const value = this.#get(name);
    if (value === undefined) return [];
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      return this.#refuse(name, value, 'map');
    return Object.entries(value);
  }

  #nested(name: string, value: Json): Fields {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      return this.#refuse(name, value, 'object');
    return new Fields(value, this.#struct, `${this.#path}${name}.`);
  }
}
