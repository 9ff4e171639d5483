// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are the Dockerfile's variables.
import { describe, expect, test } from 'bun:test';
import type { ImageConfig } from '../../../oci/image.ts';
import { parseDockerfile } from '../dockerfile.ts';
import { type CheckInput, checkDockerfile, checkFailure } from './check.ts';
import { parseCheckOptions } from './options.ts';
import { looksSecret } from './secrets.ts';

const platform = { os: 'linux', architecture: 'amd64' };
const image = (config: ImageConfig['config']): ImageConfig => ({
  ...platform,
  rootfs: { type: 'layers', diff_ids: [] },
  config,
});

function checked(text: string, input: Partial<CheckInput> = {}) {
  return checkDockerfile(parseDockerfile(text), {
    buildArgs: new Map(),
    buildPlatform: platform,
    targetPlatform: platform,
    target: null,
    imageOf: () => image({ Env: ['PATH=/bin', 'HOME=/root'] }),
    ...input,
  });
}

const warnings = (text: string, input: Partial<CheckInput> = {}) => [...checked(text, input).warnings];

/** "3 Rule: message" each. */
const checks = (text: string, input: Partial<CheckInput> = {}) =>
  warnings(text, input).map(({ rule, message, location }) => `${location.start} ${rule}: ${message}`);

test('a warning whole', () =>
  expect(warnings('FROM scratch AS Bad')).toEqual([
    {
      rule: 'StageNameCasing',
      description: 'Stage names should be lowercase',
      url: 'https://docs.docker.com/go/dockerfile/rule/stage-name-casing/',
      message: "Stage name 'Bad' should be lowercase",
      location: { start: 1, end: 1 },
    },
  ]));

describe('how it is written', () => {
  test('AS', () => {
    expect(checks('FROM scratch as b')).toEqual([
      "1 FromAsCasing: 'as' and 'FROM' keywords' casing do not match",
    ]);
    expect(checks('from scratch AS b')).toEqual([
      "1 FromAsCasing: 'AS' and 'from' keywords' casing do not match",
    ]);
    expect(checks('FROM scratch AS a\nFROM a AS b')).toEqual([]);
  });
  test('the casing of the majority', () => {
    const command = (name: string, casing: string) =>
      `ConsistentInstructionCasing: Command '${name}' should match the case of the command majority (${casing})`;
    expect(checks('FROM scratch\ncopy a /a\nCOPY b /b')).toEqual([`2 ${command('copy', 'uppercase')}`]);
    expect(checks('from scratch\nCOPY a /a\ncopy b /b')).toEqual([`2 ${command('COPY', 'lowercase')}`]);
    expect(checks('From scratch AS a\nfrom a\n')).toEqual([`1 ${command('From', 'lowercase')}`]);
    expect(checks('FROM scratch\nfrom scratch')).toEqual([`2 ${command('from', 'uppercase')}`]);
  });
  test('names of stages', () =>
    expect(checks('FROM scratch AS scratch\nFROM x AS b\nFROM x AS B')).toEqual([
      "3 StageNameCasing: Stage name 'B' should be lowercase",
      '1 ReservedStageName: Stage name should not use the same name as reserved stage "scratch"',
      '3 DuplicateStageName: Duplicate stage name "b", stage names should be unique',
    ]));
  test('empty continuation lines and MAINTAINER', () =>
    expect(checks('FROM scratch\nCOPY a \\\n\n/a\nMAINTAINER me')).toEqual([
      '4 NoEmptyContinuation: Empty continuation line',
      '5 MaintainerDeprecated: Maintainer instruction is deprecated in favor of using label',
    ]));
  test('descriptions', () => {
    const text =
      '# other\nARG foo\n# foo is good\nARG foo\n# x\n\nARG foo\n# x\nARG a b\n# base is\nFROM scratch AS base\n# no\nFROM scratch';
    const message = (keyword: string, name: string) =>
      `InvalidDefinitionDescription: Comment for ${keyword} should follow the format: \`# ${name} <description>\``;
    expect(checks(text)).toEqual([]);
    expect(checks(`# check=experimental=all\n${text}`)).toEqual([
      `3 ${message('ARG', 'foo')}`,
      `10 ${message('ARG', '<arg_key>')}`,
    ]);
  });
});

describe('FROM', () => {
  test('undeclared ARGs', () => {
    expect(checks('ARG TAG=1\nFROM a:${TGA:-x}')).toEqual([
      "2 UndefinedArgInFrom: FROM argument 'TGA' is not declared (did you mean TAG?)",
    ]);
    expect(checks('FROM --platform=$BULIDPLATFORM a')).toEqual([
      "1 UndefinedArgInFrom: FROM argument 'BULIDPLATFORM' is not declared (did you mean BUILDPLATFORM?)",
    ]);
    expect(checks('ARG X\nFROM a$X')).toEqual([]);
  });
  test('platforms', () => {
    expect(checks('FROM --platform=$TARGETPLATFORM a')).toEqual([
      '1 RedundantTargetPlatform: Setting platform to predefined $TARGETPLATFORM in FROM is redundant as this is the default behavior',
    ]);
    expect(checks('FROM --platform=linux/amd64 a')).toEqual([
      '1 FromPlatformFlagConstDisallowed: FROM --platform flag should not use constant value "linux/amd64"',
    ]);
    expect(checks('FROM --platform=linux/amd64 a AS build-amd64')).toEqual([]);
    expect(checks('FROM --platform=$BUILDPLATFORM a')).toEqual([]);
  });
  test('defaults that make no name', () => {
    const message = (base: string) =>
      `InvalidDefaultArgInFrom: Default value for ARG ${base} results in empty or invalid base image name`;
    expect(checks('ARG TAG\nFROM busybox:$TAG', { buildArgs: new Map([['TAG', '1']]) })).toEqual([
      `2 ${message('busybox:$TAG')}`,
    ]);
    expect(checks('ARG I\nFROM $I')).toEqual([`2 ${message('$I')}`]);
    expect(
      checks('ARG TAG\nFROM busybox:${TAG:-1}\nFROM a AS Ab\nFROM Ab', {
        options: parseCheckOptions('skip=StageNameCasing'),
      }),
    ).toEqual([]);
  });
  test('an image of another platform', () =>
    expect(checks('FROM a', { imageOf: () => ({ ...image({}), architecture: 's390x' }) })).toEqual([
      '1 InvalidBaseImagePlatform: Base image a was pulled with platform "linux/s390x", expected "linux/amd64" for current build',
    ]));
});

describe('in a stage', () => {
  test('undefined variables', () => {
    expect(checks('FROM a\nARG foo\nUSER $foo$HOME\nCOPY $fo $HOEM /\nENV x=$x')).toEqual([
      "4 UndefinedVar: Usage of undefined variable '$fo'",
      "4 UndefinedVar: Usage of undefined variable '$HOEM' (did you mean $HOME?)",
      "5 UndefinedVar: Usage of undefined variable '$x'",
    ]);
    expect(checks('FROM a\nUSER $unknown', { imageOf: () => null })).toEqual([]);
    expect(checks('FROM scratch AS a\nARG u=1\nFROM a\nUSER $u\nARG v=$other')).toEqual([
      "5 UndefinedVar: Usage of undefined variable '$other'",
    ]);
  });
  test('relative WORKDIR, once, and not if a base stage has set one', () =>
    expect(
      checks('FROM a AS b\nENV d=x\nWORKDIR $d\nWORKDIR y\nFROM b\nWORKDIR z\nFROM a\nWORKDIR /a\nWORKDIR c'),
    ).toEqual([
      '3 WorkdirRelativePath: Relative workdir "x" can have unexpected results if the base image changes',
    ]));
  test('the shell form, unless SHELL chose it', () => {
    const message = (name: string) =>
      `JSONArgsRecommended: JSON arguments recommended for ${name} to prevent unintended behavior related to OS signals`;
    expect(checks('FROM a\nCMD x\nENTRYPOINT ["x"]\nRUN x')).toEqual([`2 ${message('CMD')}`]);
    expect(checks('FROM a AS b\nSHELL ["sh", "-c"]\nCMD x\nFROM b\nENTRYPOINT x')).toEqual([]);
    expect(checks('FROM a\nCMD x', { imageOf: () => image({ Shell: ['sh'] }) })).toEqual([]);
  });
  test('what only the last one of counts', () =>
    expect(
      checks('FROM a AS b\nCMD ["x"]\nHEALTHCHECK NONE\nCMD ["y"]\nCMD ["z"]\nFROM b\nCMD ["x"]'),
    ).toEqual(
      [2, 4].map(
        (line) =>
          `${line} MultipleInstructionsDisallowed: Multiple CMD instructions should not be used in the same stage because only the last one will be used`,
      ),
    ));
  test('ENV key value', () =>
    expect(checks('FROM a\nENV k v w\nLABEL k v\nENV k=v')).toEqual([
      '2 LegacyKeyValueFormat: "ENV key=value" should be used instead of legacy "ENV key value" format',
      '3 LegacyKeyValueFormat: "LABEL key=value" should be used instead of legacy "LABEL key value" format',
    ]));
  test('secrets', () => {
    expect(checks('FROM a\nARG GITHUB_TOKEN x\nENV api_key=1 PUBLIC_KEY=2')).toEqual([
      '2 SecretsUsedInArgOrEnv: Do not use ARG or ENV instructions for sensitive data (ARG "GITHUB_TOKEN")',
      '3 SecretsUsedInArgOrEnv: Do not use ARG or ENV instructions for sensitive data (ENV "api_key")',
    ]);
    for (const name of ['auth', 'DATABASE_PASSWORD', 'secret_MESSAGE', 'a_APIKEY_b'])
      expect(looksSecret(name)).toBe(true);
    for (const name of ['author', 'KEYBOARD', 'TOKEN_VERSION', 'PASSWORD_FILE', 'monkey'])
      expect(looksSecret(name)).toBe(false);
  });
  test('ports', () =>
    expect(checks('FROM a\nENV p=80/TCP\nEXPOSE $p 127.0.0.1:81:82')).toEqual([
      "3 ExposeProtoCasing: Defined protocol '80/TCP' in EXPOSE instruction should be lowercase",
      "3 ExposeInvalidFormat: EXPOSE instruction should not define an IP address or host-port mapping, found '127.0.0.1:81:82'",
    ]));
  test('ignored files, an experiment', () => {
    const text = 'FROM a AS b\nCOPY x/ ./y /\nADD x https://x.org/x git@x.org:x <<x /\nx\nCOPY --from=b x /';
    const isIgnored = (path: string) => path.includes('x');
    expect(checks(text, { isIgnored })).toEqual([]);
    const options = parseCheckOptions('experimental=CopyIgnoredFile');
    expect(checks(text, { isIgnored, options })).toEqual([
      '2 CopyIgnoredFile: Attempting to Copy file "x" that is excluded by .dockerignore',
      '3 CopyIgnoredFile: Attempting to Add file "x" that is excluded by .dockerignore',
    ]);
  });
});

describe('which checks run', () => {
  const text = 'FROM scratch AS A\nCMD x';
  const rules = (head: string) => warnings(head + text).map(({ rule }) => rule);
  test('skip and experimental', () => {
    expect(rules('')).toEqual(['StageNameCasing', 'JSONArgsRecommended']);
    expect(rules('# check=skip=StageNameCasing,Foo\n')).toEqual(['JSONArgsRecommended']);
    expect(rules('# check=skip=all\n')).toEqual([]);
    expect(rules('# check=skip=StageNameCasing;skip=JSONArgsRecommended\n')).toEqual(['StageNameCasing']);
  });
  test('for one instruction', () =>
    expect(rules('# no directive\n\n# check=skip=StageNameCasing\n')).toEqual(['JSONArgsRecommended']));
  test('options that are none', () => {
    for (const [text, message] of Object.entries({
      foo: 'invalid check option "foo"',
      'foo=bar': 'invalid check option "foo"',
      'skip=a;': 'invalid check option ""',
      'error=maybe': 'failed to parse check option "error=maybe"',
    }))
      expect(() => parseCheckOptions(text)).toThrow(message);
  });
  test('warnings as an error', () => {
    expect(checkFailure(parseCheckOptions('error=true'), warnings(`${text}\nCMD y`))?.message).toBe(
      'lint violation found for rules: StageNameCasing, MultipleInstructionsDisallowed, JSONArgsRecommended',
    );
    expect(checkFailure(parseCheckOptions('error=true'), [])).toBeNull();
    expect(checkFailure(parseCheckOptions('error=0'), warnings(text))).toBeNull();
  });
  test('only the stages of the target, and as far as the Dockerfile is good', () => {
    const two = 'FROM scratch AS a\nCMD x\nFROM scratch AS b\nCMD x';
    expect(checks(two, { target: 'a' }).map((line) => line.charAt(0))).toEqual(['2']);
    const rest = warnings('FROM scratch\nCMD x\nUSER ${\nCMD y').map(
      ({ rule, location }) => `${location.start} ${rule}`,
    );
    expect(rest).toEqual([
      '2 MultipleInstructionsDisallowed',
      '2 JSONArgsRecommended',
      '4 JSONArgsRecommended',
    ]);
  });
});

test.each([
  ['FROM scratch', { target: 'nope' }, 'nope'],
  ['FROM ${X:?need}', {}, 'need'],
  ['FROM scratch\nRUN --mount=type=nonsense x', {}, 'nonsense'],
  ['FROM scratch\nCOPY --from=9 a b', {}, 'invalid stage index 9'],
  ['FROM scratch\nWORKDIR ${X:?need}', {}, 'need'],
  ['FROM scratch AS a\nCOPY --from=b a b\nFROM scratch AS b\nCOPY --from=a a b', {}, 'stage'],
])('what a build would refuse is told: %s', (text, input, message) => {
  expect(checked(text, input).refusal?.message).toContain(message);
});

test('the first reason, and the warnings all the same', () => {
  const { warnings: found, refusal } = checked('FROM scratch AS Bad\nWORKDIR ${X:?need}\nWORKDIR relative');
  expect(found.map(({ rule }) => rule)).toEqual(['StageNameCasing', 'WorkdirRelativePath']);
  expect(refusal?.location).toEqual({ start: 2, end: 2 });
  expect(checked('FROM scratch').refusal).toBeNull();
});

test('all of the context is never ignored; names are as they are written', () => {
  expect(
    checks('FROM scratch\nCOPY . .', {
      isIgnored: () => true,
      options: parseCheckOptions('experimental=all'),
    }),
  ).toEqual([]);
  expect(checks('FROM scratch\nenv a b\nenv c d').filter((text) => text.includes('Legacy'))[0]).toContain(
    '"env key=value"',
  );
});

test('blanks in what a build argument says', () => {
  const options = parseCheckOptions('skip=StageNameCasing, FromAsCasing; error=true');
  expect(options).toEqual({
    skip: new Set(['StageNameCasing', 'FromAsCasing']),
    experimental: new Set(),
    error: true,
  });
});
