/** How an option of the command line is declared: data, from which the parser, the help text and the lookup all work. */

export type FlagType =
  | 'bool'
  | 'string'
  | 'int'
  | 'uint'
  | 'uint16'
  | 'list'
  /** Several at once, between commas. */
  | 'strings'
  | 'stringSlice'
  | 'ip'
  | 'ipSlice'
  | 'map'
  | 'bytes'
  | 'decimal'
  | 'duration'
  | 'filter'
  | 'mount'
  | 'network'
  | 'ulimit'
  | 'gpu-request';

export interface Flag {
  readonly name: string;
  readonly short?: string;
  readonly type: FlagType;
  readonly usage: string;
  /** The value when the option is not given, as help shows it (`map[]` and `[]` stand for nothing). */
  readonly default?: string;
  readonly hidden?: boolean;
  /** Another name of this option: values are stored under that one. */
  readonly alias?: string;
  /** Text that a removed option still prints when used; such an option is hidden. */
  readonly deprecated?: string;
  /** Refuses a value by throwing, or returns it in its normal form. */
  readonly check?: (value: string) => string;
}

/** Options that collect every value given. */
export function isMany(type: FlagType): boolean {
  return manyTypes.has(type);
}

const manyTypes: ReadonlySet<FlagType> = new Set([
  'list',
  'strings',
  'stringSlice',
  'ipSlice',
  'map',
  'filter',
  'mount',
  'network',
  'ulimit',
  'gpu-request',
]);
