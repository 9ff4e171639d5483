// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are the Dockerfile's variables.
import { describe, expect, test } from 'bun:test';
import { readNodes } from '../lines/nodes.ts';
import type { From, Instruction } from './model.ts';
import { parseInstruction } from './parse.ts';

function parse(text: string): Instruction | From {
  const { nodes, escapeToken } = readNodes({ filename: 'Dockerfile', text });
  const [node] = nodes;
  if (node === undefined || nodes.length !== 1) throw new Error(`not one instruction: ${text}`);
  return parseInstruction({ node, escapeToken });
}

/** The parts of an instruction that are its own. */
function own(text: string): object {
  const { keyword, source, location, heredocs, comments, ...rest } = parse(text);
  return rest;
}

function refuses(cases: Record<string, string>) {
  for (const [text, message] of Object.entries(cases)) expect(() => parse(text), text).toThrow(message);
}

test('every keyword in any casing; unknown ones with a suggestion in the same casing', () => {
  expect(parse('cMd x')).toMatchObject({ kind: 'cmd', keyword: 'cMd', source: 'cMd x' });
  refuses({
    'RNU x': 'unknown instruction: RNU (did you mean RUN?)',
    'copu x': 'unknown instruction: copu (did you mean copy?)',
    'FOO bar': 'unknown instruction: FOO',
    'constructor x': 'unknown instruction: constructor',
    __proto__: 'unknown instruction: __proto__',
  });
});

test('how many arguments', () =>
  refuses({
    MAINTAINER: 'MAINTAINER requires exactly one argument',
    WORKDIR: 'WORKDIR requires exactly one argument',
    USER: 'USER requires exactly one argument',
    STOPSIGNAL: 'STOPSIGNAL requires exactly one argument',
    ENV: 'ENV requires at least one argument',
    LABEL: 'LABEL requires at least one argument',
    ARG: 'ARG requires at least one argument',
    ONBUILD: 'ONBUILD requires at least one argument',
    HEALTHCHECK: 'HEALTHCHECK requires at least one argument',
    EXPOSE: 'EXPOSE requires at least one argument',
    VOLUME: 'VOLUME requires at least one argument',
    'VOLUME []': 'VOLUME requires at least one argument',
    'SHELL []': 'SHELL requires at least one argument',
    'COPY a':
      'COPY requires at least two arguments, but only one was provided. Destination could not be determined',
    'ADD ["a"]': 'ADD requires at least two arguments',
    FROM: 'FROM requires either one or three arguments',
    'FROM a b': 'FROM requires either one or three arguments',
    'FROM a as': 'FROM requires either one or three arguments',
    'FROM a is b': 'FROM requires either one or three arguments',
    'FROM a as b c': 'FROM requires either one or three arguments',
  }));

test('flags', () =>
  refuses({
    'MAINTAINER --boo x': 'unknown flag: --boo',
    'COPY --form=a b c': 'unknown flag: --form (did you mean from?)',
    'COPY --from=a --from=b c d': 'duplicate flag specified: --from',
    'COPY --from a b': 'missing a value on flag: --from',
    'COPY --link= a b': 'missing a value on flag: --link',
    'COPY --link=yes a b': 'expecting boolean value for flag --link, not: yes',
    'RUN --device=vendor.com/x=y z': 'RUN --device is not supported',
    'RUN --network=hots x': 'invalid network mode "hots" (did you mean host?)',
    'RUN --security=none x': 'security "none" is not valid',
    'CMD --constructor=a b': 'unknown flag: --constructor',
  }));

describe('FROM', () => {
  test('base, platform and name', () => {
    expect(own('FROM a')).toEqual({ kind: 'from', base: 'a', platform: null, as: null });
    expect(own('FROM --platform=$BUILDPLATFORM a:${T} aS B-1.x_y')).toEqual({
      kind: 'from',
      base: 'a:${T}',
      platform: '$BUILDPLATFORM',
      as: { keyword: 'aS', name: 'B-1.x_y' },
    });
  });
  test('names', () =>
    refuses({
      'FROM a AS 1b':
        'invalid name for build stage: "1b", name can\'t start with a number or contain symbols',
      'FROM a AS b/c': 'invalid name for build stage: "b/c"',
    }));
});

describe('ARG, ENV and LABEL', () => {
  test('values keep their quotes', () => {
    expect(own(`ARG a b= c="d e"`)).toEqual({
      kind: 'arg',
      declarations: [
        { name: 'a', value: null },
        { name: 'b', value: '' },
        { name: 'c', value: '"d e"' },
      ],
    });
    expect(own(`ENV a=b\\ c d='e f' g=h=i`)).toMatchObject({
      pairs: [
        { key: 'a', value: 'b\\ c', legacy: false },
        { key: 'd', value: "'e f'", legacy: false },
        { key: 'g', value: 'h=i', legacy: false },
      ],
    });
    expect(own('LABEL "a b"="c"')).toMatchObject({ pairs: [{ key: '"a b"', value: '"c"' }] });
  });
  test('the legacy form takes the rest of the line', () =>
    expect(own('ENV a  b c="d"')).toMatchObject({ pairs: [{ key: 'a', value: 'b c="d"', legacy: true }] }));
  test('mistakes', () =>
    refuses({
      'ENV a': 'ENV must have two arguments',
      'LABEL a=b c': 'Syntax error - can\'t find = in "c". Must be of the form: name=value',
      'ENV =b': 'ENV names can not be blank',
      'ARG =b': 'ARG names can not be blank',
    }));
});

describe('commands', () => {
  const command = (text: string) => {
    const instruction = parse(text);
    return 'command' in instruction ? instruction.command : null;
  };
  test('shell and exec form', () => {
    expect(command('CMD echo  "$x" ')).toEqual({ form: 'shell', text: 'echo  "$x"' });
    expect(command('CMD ["a", "$b"]')).toEqual({ form: 'exec', argv: ['a', '$b'] });
    expect(command("ENTRYPOINT ['a']")).toEqual({ form: 'shell', text: "['a']" });
    expect(command('CMD []')).toEqual({ form: 'exec', argv: [] });
    expect(command('RUN')).toEqual({ form: 'shell', text: '' });
    expect(own('SHELL ["a", "-c"]')).toEqual({ kind: 'shell', argv: ['a', '-c'] });
    refuses({
      'CMD [1]': 'when using JSON array syntax, arrays must be comprised of strings only',
      'SHELL a -c': 'SHELL requires the arguments to be in JSON form',
    });
  });
  test('heredocs of RUN', () => {
    expect(command('RUN <<E\na\n$b\nE')).toEqual({ form: 'shell', text: 'a\n$b\n' });
    expect(command('RUN <<-E\n\ta\nE')).toEqual({ form: 'shell', text: 'a\n' });
    expect(command('RUN <<-"x.py"\n#!/usr/bin/python3\n\tprint(1)\nx.py')).toEqual({
      form: 'script',
      name: 'x.py',
      text: '#!/usr/bin/python3\nprint(1)\n',
    });
    // BuildKit looks before it takes the tabs away.
    expect(command('RUN <<-E\n\t#!/bin/bash\nE')).toEqual({ form: 'shell', text: '#!/bin/bash\n' });
    expect(command('RUN <<A cat - 3<<-B && x\n#!a\nA\n\tb\nB')).toEqual({
      form: 'shell',
      text: '<<A cat - 3<<-B && x\n#!a\nA\n\tb\nB',
    });
  });
  test('flags of RUN', () =>
    expect(own('RUN --network=none --security=insecure --mount=type=ssh --mount=from=b,target=/x a')).toEqual(
      {
        kind: 'run',
        command: { form: 'shell', text: 'a' },
        network: 'none',
        security: 'insecure',
        mounts: [
          { fields: ['type=ssh'], from: null },
          { fields: ['from=b', 'target=/x'], from: 'b' },
        ],
      },
    ));
});

describe('COPY and ADD', () => {
  test('paths and flags', () => {
    expect(
      own('COPY --from=0 --chown=a:b --chmod=755 --link --parents=false --exclude=*.a --exclude=b c "d" /e/'),
    ).toEqual({
      kind: 'copy',
      sources: ['c', '"d"'],
      inline: [],
      destination: '/e/',
      from: '0',
      owner: 'a:b',
      mode: '755',
      link: true,
      parents: false,
      exclude: ['*.a', 'b'],
    });
    expect(own('ADD --checksum=sha256:1 --keep-git-dir --unpack=false ["a b", "c"]')).toMatchObject({
      sources: ['a b'],
      destination: 'c',
      checksum: 'sha256:1',
      keepGitDir: true,
      unpack: false,
      owner: null,
      link: false,
    });
    expect(own('ADD a b')).toMatchObject({ keepGitDir: null, unpack: null, exclude: [] });
  });
  test('heredocs', () => {
    expect(own(`COPY a <<-x.txt <<'y' /d/\n\t$b\nx.txt\n\t$b\ny`)).toMatchObject({
      sources: ['a'],
      inline: [
        { name: 'x.txt', content: '$b\n', expand: true },
        { name: 'y', content: '\t$b\n', expand: false },
      ],
    });
    refuses({ 'COPY a <<E\nE': 'COPY cannot accept a heredoc as a destination' });
  });
});

test('HEALTHCHECK', () => {
  const config = (text: string) => {
    const instruction = parse(text);
    return instruction.kind === 'healthcheck' ? instruction.config : null;
  };
  expect(config('HEALTHCHECK none')).toEqual({ Test: ['NONE'] });
  expect(config('HEALTHCHECK CMD a  b')).toEqual({ Test: ['CMD-SHELL', 'a  b'] });
  expect(
    config(
      'HEALTHCHECK --interval=1m30s --timeout=1.5s --start-period=0s --start-interval=.5s --retries=3 CMD ["a", "b"]',
    ),
  ).toEqual({
    Test: ['CMD', 'a', 'b'],
    Interval: 90e9,
    Timeout: 1.5e9,
    StartPeriod: 0,
    StartInterval: 0.5e9,
    Retries: 3,
  });
  refuses({
    'HEALTHCHECK NONE x': 'HEALTHCHECK NONE takes no arguments',
    'HEALTHCHECK CMD': 'Missing command after HEALTHCHECK CMD',
    'HEALTHCHECK CMD []': 'Missing command after HEALTHCHECK CMD',
    'HEALTHCHECK foo x': 'Unknown type "FOO" in HEALTHCHECK (try CMD)',
    'HEALTHCHECK --interval=50ns CMD x': 'Interval "interval" cannot be less than 1ms',
    'HEALTHCHECK --timeout=-1s CMD x': 'Interval "timeout" cannot be less than 1ms',
    'HEALTHCHECK --timeout=1 CMD x': 'time: invalid duration "1"',
    'HEALTHCHECK --retries=-1 CMD x': '--retries cannot be negative (-1)',
    'HEALTHCHECK --retries=x CMD x': 'strconv.ParseInt: parsing "x": invalid syntax',
  });
});

test('the small ones', () => {
  expect(own('WORKDIR a b ')).toEqual({ kind: 'workdir', path: 'a b' });
  expect(own('USER $u')).toEqual({ kind: 'user', user: '$u' });
  expect(own('VOLUME /a /b')).toEqual({ kind: 'volume', paths: ['/a', '/b'] });
  expect(own('VOLUME [" /a b "]')).toEqual({ kind: 'volume', paths: ['/a b'] });
  expect(own('EXPOSE 80 $P 70/udp')).toEqual({ kind: 'expose', ports: ['$P', '70/udp', '80'] });
  expect(own('STOPSIGNAL SIGKILL')).toEqual({ kind: 'stopsignal', signal: 'SIGKILL' });
  expect(own('MAINTAINER a b')).toEqual({ kind: 'maintainer', name: 'a b' });
  refuses({ 'VOLUME [" "]': 'VOLUME specified can not be an empty string' });
});

test('ONBUILD', () => {
  expect(own('onbuild  run <<E\na\nE')).toEqual({ kind: 'onbuild', expression: 'run <<E\na\nE' });
  refuses({
    'ONBUILD FROM a': "FROM isn't allowed as an ONBUILD trigger",
    'ONBUILD maintainer a': "MAINTAINER isn't allowed as an ONBUILD trigger",
    'ONBUILD onbuild RUN a': "Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed",
    'ONBUILD COPY a': 'COPY requires at least two arguments',
    'ONBUILD RNU a': 'unknown instruction: RNU (did you mean RUN?)',
    'ONBUILD --x RUN a': 'unknown flag: --x',
  });
});
