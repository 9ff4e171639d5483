/** Reading an engine's nftables table, as `nft -j list ruleset` prints it. */

/** nft's JSON of values: a word, a number, a range, a prefix, several of them. */
type Value =
  | string
  | number
  | { concat: Value[] }
  | { range: [number, number] }
  | { prefix: { addr: string; len: number } };

interface Holder {
  name: string;
  elem?: (Value | [Value, Value])[];
}

function elements(ruleset: string, names: RegExp): (Value | [Value, Value])[] {
  const { nftables } = JSON.parse(ruleset) as { nftables: { map?: Holder; set?: Holder }[] };
  return nftables
    .flatMap(({ map, set }) => [map, set])
    .flatMap((holder) => (holder && names.test(holder.name) ? (holder.elem ?? []) : []));
}

/** The bridges that the rules know. */
export const networksOfTable = (ruleset: string): string[] => elements(ruleset, /^bridges$/).map(String);

/** Every published port, ranges one by one: `tcp 0.0.0.0:8080 leads to 172.18.0.2:80`. */
export function forwardings(ruleset: string): string[] {
  return elements(ruleset, /^(published|anywhere|ranges)[46]$/).flatMap((element) => {
    const [key, value] = element as [Value, Value];
    const [address = '', to] = partsOf(value);
    const parts = partsOf(key);
    const any = String(address).includes(':') ? '::' : '0.0.0.0';
    const [port, protocol, host] = [parts.at(-1), parts.at(-2), parts.at(-3) ?? any];
    return numbers(port).map(
      (number) => `${protocol} ${textOf(host)}:${number} leads to ${address}:${to ?? number}`,
    );
  });
}

const partsOf = (value: Value | undefined): Value[] =>
  typeof value === 'object' && 'concat' in value ? value.concat : value === undefined ? [] : [value];

const textOf = (value: Value): string =>
  typeof value === 'object' && 'prefix' in value ? value.prefix.addr : String(value);

function numbers(value: Value | undefined): number[] {
  if (typeof value !== 'object' || !('range' in value)) return [Number(value)];
  const [first, last] = value.range;
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}
