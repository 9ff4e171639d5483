// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are the Dockerfile's variables.
import { describe, expect, test } from 'bun:test';
import {
  type BuildArguments,
  DockerfileError,
  expandFor,
  globalArgs,
  instructionsOf,
  neededStages,
  parseDockerfile,
  parseTrigger,
  proxyVariables,
  resolveStages,
  Scope,
} from './dockerfile.ts';

const amd64 = { os: 'linux', architecture: 'amd64' };
const build = (buildArgs: Record<string, string> = {}, target: string | null = null): BuildArguments => ({
  buildArgs: new Map(Object.entries(buildArgs)),
  buildPlatform: amd64,
  targetPlatform: { os: 'linux', architecture: 'arm', variant: 'v7' },
  target,
});

function prepare(text: string, options = build()) {
  const dockerfile = parseDockerfile(text);
  const globals = globalArgs(dockerfile, options);
  return { dockerfile, globals, resolved: resolveStages(dockerfile, globals) };
}

/** What the instructions of a stage come to, ARG and ENV left out, and the scope at its end. */
function walk(text: string, options = build(), env: string[] = []) {
  const { dockerfile, globals, resolved } = prepare(text, options);
  const scope = Scope.ofImage(env);
  const unset: string[] = [];
  const out: object[] = [];
  const [stage] = resolved;
  if (stage === undefined) throw new Error('no stage');
  for (const instruction of instructionsOf(dockerfile, stage)) {
    if (instruction.kind === 'arg') {
      unset.push(...scope.declareArgs(dockerfile, instruction, globals).unset);
      continue;
    }
    const expanded = expandFor(dockerfile, instruction, scope);
    unset.push(...expanded.unset);
    if (expanded.instruction.kind === 'env') scope.setEnv(expanded.instruction.pairs);
    else out.push(expanded.instruction);
  }
  return { out, scope, unset };
}

const refusal = (body: () => unknown): string => {
  try {
    body();
  } catch (error) {
    if (error instanceof DockerfileError) return `${error.location.start}: ${error.message}`;
    throw error;
  }
  throw new Error('nothing was thrown');
};

describe('the file', () => {
  test('meta ARGs, stages and directives', () => {
    const file = parseDockerfile(
      '#syntax=a/b\n#check=skip=X;error=true\nARG a\nFROM b AS C\nRUN x\nFROM c\nARG d\n',
    );
    expect(file.syntax).toBe('a/b');
    expect(file.check).toEqual({ skip: new Set(['X']), experimental: new Set(), error: true });
    expect(file.metaArgs.map((arg) => arg.declarations)).toEqual([[{ name: 'a', value: null }]]);
    expect(file.stages.map(({ index, name, instructions }) => [index, name, instructions.length])).toEqual([
      [0, 'c', 1],
      [1, null, 1],
    ]);
  });
  test('what is none', () => {
    expect(refusal(() => parseDockerfile(''))).toBe('1: the Dockerfile cannot be empty');
    expect(refusal(() => parseDockerfile('# a\n\n'))).toBe('3: file with no instructions');
    expect(refusal(() => parseDockerfile('ARG a'))).toBe('1: dockerfile contains no stages to build');
    expect(refusal(() => parseDockerfile('RUN a\nFROM b'))).toBe('1: no build stage in current context');
    expect(refusal(() => parseDockerfile('#check=foo\nFROM a'))).toBe(
      '1: failed to parse check options: invalid check option "foo"',
    );
  });
  test('errors have a place and, from the instruction parser on, a prefix', () => {
    expect(refusal(() => parseDockerfile('FROM a\n\nRNU x'))).toBe(
      '3: dockerfile parse error on line 3: unknown instruction: RNU (did you mean RUN?)',
    );
    expect(refusal(() => parseDockerfile('FROM a\nENV x'))).toBe('2: ENV must have two arguments');
  });
});

describe('global ARGs', () => {
  const values = (text: string, options = build()) =>
    Object.fromEntries(prepare(text, options).globals.values);
  test('platforms and the target', () => {
    expect(values('FROM a AS b')).toEqual({
      BUILDPLATFORM: 'linux/amd64',
      BUILDOS: 'linux',
      BUILDOSVERSION: '',
      BUILDARCH: 'amd64',
      BUILDVARIANT: '',
      TARGETPLATFORM: 'linux/arm/v7',
      TARGETOS: 'linux',
      TARGETOSVERSION: '',
      TARGETARCH: 'arm',
      TARGETVARIANT: 'v7',
      TARGETSTAGE: 'b',
    });
    expect(values('FROM a', build({ TARGETARCH: 'x' }))).toMatchObject({
      TARGETARCH: 'x',
      TARGETSTAGE: 'default',
    });
  });
  test('defaults see what is above them; --build-arg wins', () => {
    const text = 'ARG a=1 b=${a}2\nARG c\nARG d=$c$b\nFROM x';
    expect(values(text)).toMatchObject({ a: '1', b: '12', d: '12' });
    expect(values(text, build({ b: 'B', c: 'C', z: 'Z' }))).toMatchObject({
      a: '1',
      b: 'B',
      c: 'C',
      d: 'CB',
    });
    expect(values(text)).not.toHaveProperty('c');
    expect(prepare(text).globals.declared.has('c')).toBe(true);
  });
  test('errors', () => {
    const file = parseDockerfile('ARG a=${b:?}\nFROM x');
    expect(refusal(() => globalArgs(file, build()))).toBe(
      '1: failed to process "${b:?}": b: is not allowed to be unset',
    );
    expect(globalArgs(file, build({ a: '' })).values.get('a')).toBe('');
  });
});

describe('FROM', () => {
  const bases = (text: string, options = build()) => prepare(text, options).resolved.map(({ base }) => base);
  test('an image, scratch, or a stage above, in any casing', () => {
    expect(
      bases('ARG v=1\nFROM a:$v AS B\nFROM scratch\nFROM b\nFROM c as d\nFROM d AS c\nFROM later AS later'),
    ).toEqual([
      { kind: 'image', name: 'a:1' },
      { kind: 'scratch' },
      { kind: 'stage', index: 0 },
      { kind: 'image', name: 'c' },
      { kind: 'stage', index: 3 },
      { kind: 'image', name: 'later' },
    ]);
    expect(bases('FROM a AS b\nFROM B\nFROM x AS b\nFROM b')).toEqual([
      { kind: 'image', name: 'a' },
      { kind: 'stage', index: 0 },
      { kind: 'image', name: 'x' },
      { kind: 'stage', index: 2 },
    ]);
  });
  test('only meta ARGs are seen', () => {
    expect(refusal(() => prepare('FROM a\nARG b=c\nFROM $b'))).toBe('3: base name ($b) should not be blank');
  });
  test('platform', () => {
    expect(prepare('FROM --platform=$BUILDPLATFORM a').resolved[0]?.platform).toEqual(amd64);
    expect(prepare('FROM a').resolved[0]?.platform).toBeNull();
    expect(refusal(() => prepare('FROM --platform=$BUILDPLATFROM a'))).toBe(
      '1: empty platform value from expression $BUILDPLATFROM (did you mean BUILDPLATFORM?)',
    );
    expect(refusal(() => prepare('FROM --platform=a/b/c/d a'))).toStartWith(
      '1: failed to parse platform a/b/c/d: ',
    );
  });
});

describe('stages that a target needs', () => {
  const needed = (text: string, target: string | null = null) => {
    const { dockerfile, resolved } = prepare(text);
    return neededStages(dockerfile, resolved, target);
  };
  const text =
    'FROM x AS a\nFROM x AS b\nFROM a AS c\nFROM x AS d\nCOPY --from=C y z\nRUN --mount=from=B,target=/m y\nFROM x as E\nCOPY --from=nginx a b';
  test('base, COPY and mounts; images are none', () => {
    expect(needed(text)).toEqual([4]);
    expect(needed(text, 'D')).toEqual([0, 1, 2, 3]);
    expect(needed(text, '2')).toEqual([0, 2]);
  });
  test('triggers of the base stage count, those of its base do not', () => {
    const onbuild = 'FROM x AS s\nFROM x AS a\nONBUILD COPY --from=s y z\nFROM a AS b\nFROM b AS c';
    expect(needed(onbuild, 'a')).toEqual([1]);
    expect(needed(onbuild, 'b')).toEqual([0, 1, 2]);
    const { dockerfile, resolved } = prepare(onbuild);
    const trigger = parseTrigger(dockerfile, 'COPY --from=s y z', { start: 4, end: 4 });
    expect(neededStages(dockerfile, resolved, 'a', new Map([[1, [trigger]]]))).toEqual([0, 1]);
    expect(refusal(() => parseTrigger(dockerfile, 'RUN a\nRUN b', { start: 4, end: 4 }))).toBe(
      '4: onbuild trigger should be a single expression',
    );
    expect(refusal(() => parseTrigger(dockerfile, 'RUN <<E', { start: 4, end: 4 }))).toBe(
      '4: unterminated heredoc',
    );
  });
  test('refusals', () => {
    const cases: [string, string | null, string][] = [
      ['FROM x AS abc', 'acb', '1: target stage "acb" could not be found (did you mean abc?)'],
      ['FROM x AS a\nCOPY --from=a y z', null, '2: circular dependency detected on stage: a'],
      [
        'FROM x AS a\nCOPY --from=b y z\nFROM x AS b\nCOPY --from=0 y z',
        null,
        '2: circular dependency detected on stage: a',
      ],
      ['FROM x\nCOPY --from=0 y z', null, '2: circular dependency detected on stage: stage-0'],
      ['FROM x\nCOPY --from=1 y z', null, '2: invalid stage index 1'],
      ['FROM x\nCOPY --from=-1 y z', null, '2: invalid stage index -1'],
      [
        'FROM x AS a\nCOPY --from=b y z\nFROM x AS b',
        'a',
        '2: cannot copy from stage "b", it needs to be defined before current stage "a"',
      ],
      [
        'FROM x AS a\nCOPY --from=$b y z',
        null,
        '2: variable expansion is not supported for --from, define a new stage with FROM using ARG from global scope as a workaround',
      ],
    ];
    for (const [text, target, message] of cases) expect(refusal(() => needed(text, target))).toBe(message);
  });
  test('a stage that is used too early matters only if it is needed', () =>
    expect(needed('FROM x AS a\nCOPY --from=b y z\nFROM x AS b')).toEqual([1]));
});

describe('scope', () => {
  test('the last of ENV and ARG wins; one ENV sees what was before it', () => {
    const { out, scope } = walk('FROM x\nENV a=1\nENV a=2 b=$a\nARG a=3\nUSER $a-$b\nENV b=4\nUSER $b');
    expect(out).toMatchObject([{ user: '3-1' }, { user: '4' }]);
    expect(scope.imageEnv).toEqual([
      'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      'a=2',
      'b=4',
    ]);
  });
  test('ARG: --build-arg, own default, meta ARG', () => {
    const text =
      'ARG m=meta\nARG n=meta\nFROM x\nUSER ${m-none}\nARG m\nARG n=own o p=$m\nUSER $m,$n,$o,$p\nARG TARGETARCH\nUSER $TARGETARCH';
    expect(walk(text).out).toMatchObject([{ user: 'none' }, { user: 'meta,own,,meta' }, { user: 'arm' }]);
    expect(walk(text, build({ n: 'N', o: 'O', m: 'M' })).out).toMatchObject([
      { user: 'none' },
      { user: 'M,N,O,M' },
      {},
    ]);
    expect(walk(text).unset).toEqual(['m']);
    expect(walk(text).scope.args.map(({ name, value }) => `${name}=${value}`)).toEqual([
      'm=meta',
      'n=own',
      'o=null',
      'p=meta',
      'TARGETARCH=arm',
    ]);
  });
  test("the image's variables, and a copy for the stage above", () => {
    const { scope } = walk('FROM x\nENV a=$b', build(), ['PATH=/bin', 'b=c=d', 'e']);
    const above = scope.fork();
    above.setEnv([{ key: 'a', value: 'x', legacy: false }]);
    expect(scope.imageEnv).toEqual(['PATH=/bin', 'b=c=d', 'e=', 'a=c=d']);
    expect(above.variables.get('a')).toBe('x');
  });
  test('proxies in both spellings', () =>
    expect([
      ...proxyVariables(
        new Map([
          ['http_proxy', 'a'],
          ['NO_PROXY', 'b'],
          ['x', 'c'],
          ['ftp_proxy', ''],
        ]),
      ),
    ]).toEqual([
      ['HTTP_PROXY', 'a'],
      ['http_proxy', 'a'],
      ['NO_PROXY', 'b'],
      ['no_proxy', 'b'],
    ]));
});

describe('where variables are replaced', () => {
  const env = ['PATH=/', 'v=V', 'sp=a b', 'port=80 81/udp'];
  const of = (line: string) => walk(`FROM x\n${line}`, build(), env).out[0];
  test('there', () => {
    expect(of('WORKDIR /$v')).toMatchObject({ path: '/V' });
    expect(of('VOLUME ["/$v", "/\'$v\'"]')).toMatchObject({ paths: ['/V', '/$v'] });
    expect(of('STOPSIGNAL $v')).toMatchObject({ signal: 'V' });
    expect(of('LABEL $v="$sp"')).toMatchObject({ pairs: [{ key: 'V', value: 'a b' }] });
    expect(of('EXPOSE $port 82')).toMatchObject({ ports: ['80/tcp', '81/udp', '82/tcp'] });
    expect(of('COPY --chown=$v --chmod=$v --exclude=$v $sp "$v" /$v/')).toMatchObject({
      owner: 'V',
      mode: 'V',
      exclude: ['V'],
      sources: ['a b', 'V'],
      destination: '/V/',
    });
    expect(of('ADD --checksum=$v a b')).toMatchObject({ checksum: 'V' });
    expect(of('RUN --mount=type=cache,target=/$v,id=$v x')).toMatchObject({
      mounts: [{ target: '/V', id: 'V' }],
    });
    expect(of('COPY <<A <<"B" /\n"$v" \'$v\' \\$v\nA\n$v\nB')).toMatchObject({
      inline: [{ content: `"V" 'V' $v\n` }, { content: '$v\n' }],
    });
  });
  test('not there', () => {
    for (const line of [
      'CMD $v',
      'ENTRYPOINT ["$v"]',
      'RUN $v',
      'SHELL ["$v"]',
      'HEALTHCHECK CMD $v',
      'ONBUILD RUN $v',
      'MAINTAINER $v',
    ])
      expect(JSON.stringify(of(line))).not.toContain('V"');
    expect(of('RUN <<E\n$v\nE')).toMatchObject({ command: { text: '$v\n' } });
  });
  test('errors are at the instruction', () =>
    expect(refusal(() => of('WORKDIR ${v'))).toBe('2: failed to process "${v": syntax error: missing \'}\''));
});

test('what only a shell knows is none of ours: heredocs of such a line are read', () => {
  for (const line of [': ${FOO:=bar}', ': ${FOO:0:3}', ': ${FOO:-x}', ': ${FOO:#x}']) {
    const { stages } = parseDockerfile(`FROM scratch\nRUN ${line} && cat <<EOF > /x\nhello world\nEOF\n`);
    expect(stages[0]?.instructions).toHaveLength(1);
  }
});

test('a number is a stage for COPY, and an image for a mount', () => {
  const dockerfile = parseDockerfile('FROM x\nRUN --mount=from=0,target=/x y\nFROM y\nCOPY --from=0 a b');
  const resolved = resolveStages(dockerfile, globalArgs(dockerfile, build()));
  expect(neededStages(dockerfile, resolved, null)).toEqual([0, 1]);
});

test('a mount of a stage that comes later', () => {
  const dockerfile = parseDockerfile('FROM x AS a\nRUN --mount=from=b,target=/m y\nFROM y AS b');
  const resolved = resolveStages(dockerfile, globalArgs(dockerfile, build()));
  expect(() => neededStages(dockerfile, resolved, 'a')).toThrow(
    'cannot mount from stage "b" to "/m", stage needs',
  );
});

test('what expands to nothing was not given', () => {
  const scope = Scope.ofImage([]);
  const expanded = (line: string) => {
    const dockerfile = parseDockerfile(`FROM scratch\n${line}`);
    const [instruction] = dockerfile.stages[0]?.instructions ?? [];
    if (instruction === undefined || instruction.kind === 'arg') throw new Error('not this one');
    return expandFor(dockerfile, instruction, scope).instruction;
  };
  expect(expanded('COPY --chmod=$M --chown=$O a b')).toMatchObject({ mode: null, owner: null });
  expect(() => expanded('VOLUME $V')).toThrow('VOLUME specified can not be an empty string');
});

test('stages that are all built from one with many triggers', () => {
  const text = `FROM x AS a\n${'ONBUILD RUN y\n'.repeat(1000)}${'FROM a\n'.repeat(100)}`;
  const dockerfile = parseDockerfile(text);
  const resolved = resolveStages(dockerfile, globalArgs(dockerfile, build()));
  expect(() => neededStages(dockerfile, resolved, null)).toThrow('too many ONBUILD instructions');
});
