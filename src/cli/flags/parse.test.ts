import { describe, expect, test } from 'bun:test';
import type { Flag } from './flag.ts';
import { HelpRequested, parseFlags } from './parse.ts';

const flags: readonly Flag[] = [
  { name: 'interactive', short: 'i', type: 'bool', usage: '' },
  { name: 'tty', short: 't', type: 'bool', usage: '' },
  { name: 'env', short: 'e', type: 'list', usage: '' },
  { name: 'memory', short: 'm', type: 'bytes', usage: '' },
  { name: 'last', short: 'n', type: 'int', usage: '', default: '-1' },
  { name: 'sig-proxy', type: 'bool', usage: '', default: 'true' },
  { name: 'net', type: 'list', usage: '', alias: 'network' },
  { name: 'network', type: 'list', usage: '' },
  { name: 'alias', type: 'strings', usage: '' },
];

const parse = (line: string, interspersed = true) =>
  parseFlags(line === '' ? [] : line.split(' '), flags, interspersed);

describe('the grammar of options', () => {
  test('grouped switches, joined values, repeated lists', () => {
    const { values, args } = parse('-it -eA=B -e C=D --env=E=F -m64m a b');
    expect(values.bool('interactive')).toBe(true);
    expect(values.bool('tty')).toBe(true);
    expect(values.list('env')).toEqual(['A=B', 'C=D', 'E=F']);
    expect(values.bytes('memory')).toBe(64 << 20);
    expect(args).toEqual(['a', 'b']);
  });

  test('defaults hold until an option is given', () => {
    const { values } = parse('--sig-proxy=false');
    expect(values.bool('sig-proxy')).toBe(false);
    expect(parse('').values.bool('sig-proxy')).toBe(true);
    expect(parse('').values.integer('last')).toBe(-1);
    expect(parse('').values.changed('last')).toBe(false);
  });

  test('several values between commas, none in an empty one', () => {
    const { values } = parse('--alias a --alias b,"c,d" --alias=');
    expect(values.list('alias')).toEqual(['a', 'b', 'c,d']);
    expect(() => parse('--alias "a')).toThrow(
      'invalid argument "\\"a" for "--alias" flag: parse error on line 1',
    );
  });

  test('an alias stores under the other name', () => {
    expect(parse('--net a --network b').values.list('network')).toEqual(['a', 'b']);
  });

  test('options end at the first argument when they may not be mixed', () => {
    expect(parse('-i image -t', false).args).toEqual(['image', '-t']);
    expect(parse('image -t').args).toEqual(['image']);
    expect(parse('-- -t').args).toEqual(['-t']);
    expect(parse('-').args).toEqual(['-']);
  });

  test.each([
    ['--bogus', 'unknown flag: --bogus'],
    ['-x', "unknown shorthand flag: 'x' in -x"],
    ['-ixt', "unknown shorthand flag: 'x' in -xt"],
    ['--env', 'flag needs an argument: --env'],
    ['-e', "flag needs an argument: 'e' in -e"],
    ['--=a', 'bad flag syntax: --=a'],
    ['-n x', 'invalid argument "x" for "-n, --last" flag: strconv.ParseInt: parsing "x": invalid syntax'],
    [
      '--tty=maybe',
      'invalid argument "maybe" for "-t, --tty" flag: strconv.ParseBool: parsing "maybe": invalid syntax',
    ],
  ])('%s', (line, message) => {
    expect(() => parse(line)).toThrow(message);
  });

  test('help is asked for, not refused', () => {
    expect(() => parse('--help')).toThrow(HelpRequested);
    expect(() => parse('-h')).toThrow(HelpRequested);
  });
});
