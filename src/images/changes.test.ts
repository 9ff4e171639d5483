import { describe, expect, test } from 'bun:test';
import type { ImageRunConfig } from '../oci/image.ts';
import { applyChanges } from './changes.ts';

const cases: [string[], ImageRunConfig][] = [
  [['CMD ["a", "b c"]'], { Cmd: ['a', 'b c'] }],
  [['CMD echo hi'], { Cmd: ['/bin/sh', '-c', 'echo hi'] }],
  [['entrypoint ["/x"]'], { Entrypoint: ['/x'] }],
  [['ENV a=1 b="2 3" c=\'$a\''], { Env: ['a=1', 'b=2 3', 'c=$a'] }],
  [['ENV a 1 2'], { Env: ['a=1 2'] }],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: Dockerfile syntax
  [['ENV a=1', 'ENV b=$a-${a}-${c:-d}-${a:+e} a=2'], { Env: ['a=2', 'b=1-1-d-e'] }],
  [
    ['EXPOSE 80 53/udp 9000-9001'],
    { ExposedPorts: { '80/tcp': {}, '53/udp': {}, '9000/tcp': {}, '9001/tcp': {} } },
  ],
  [['LABEL a=b "c d"="e f"'], { Labels: { a: 'b', 'c d': 'e f' } }],
  [['USER nobody:nogroup'], { User: 'nobody:nogroup' }],
  [['VOLUME ["/a", "/b"]', 'VOLUME /c /d'], { Volumes: { '/a': {}, '/b': {}, '/c': {}, '/d': {} } }],
  [['WORKDIR /a', 'WORKDIR b/../c'], { WorkingDir: '/a/c' }],
  [['STOPSIGNAL SIGINT'], { StopSignal: 'SIGINT' }],
  [['ONBUILD RUN x'], { OnBuild: ['RUN x'] }],
  [['HEALTHCHECK NONE'], { Healthcheck: { Test: ['NONE'] } }],
  [
    ['HEALTHCHECK --interval=1m30s --retries=2 CMD curl localhost'],
    { Healthcheck: { Interval: 90e9, Retries: 2, Test: ['CMD-SHELL', 'curl localhost'] } },
  ],
  [['HEALTHCHECK CMD ["x"]'], { Healthcheck: { Test: ['CMD', 'x'] } }],
  [['USER a\n# comment\nENV b=c'], { User: 'a', Env: ['b=c'] }],
];

describe('applyChanges', () => {
  for (const [changes, expected] of cases)
    test(changes.join(' | '), () => expect(applyChanges({}, changes)).toEqual(expected));

  test('leaves the given config alone', () => {
    const config: ImageRunConfig = { Env: ['a=1'] };
    expect(applyChanges(config, ['ENV a=2']).Env).toEqual(['a=2']);
    expect(config.Env).toEqual(['a=1']);
  });

  test('an ENTRYPOINT drops the command below it, but not one beside it', () => {
    const config: ImageRunConfig = { Cmd: ['below'] };
    expect(applyChanges(config, ['ENTRYPOINT ["/e"]'])).toEqual({ Entrypoint: ['/e'] });
    expect(applyChanges(config, ['CMD ["c"]', 'ENTRYPOINT ["/e"]'])).toEqual({
      Cmd: ['c'],
      Entrypoint: ['/e'],
    });
  });

  const errors: [string, string][] = [
    ['RUN x', 'RUN is not a valid change command'],
    ['constructor x', 'constructor is not a valid change command'],
    ['EXPOSE x', 'invalid containerPort: x'],
    ['EXPOSE 1/foo', 'invalid proto: foo'],
    ['ENV a', 'ENV must have two arguments'],
    ['ENV a=1 b', 'can\'t find = in "b"'],
    ['LABEL', 'LABEL requires at least one argument'],
    ['USER', 'USER requires exactly one argument'],
    ['ONBUILD ONBUILD RUN x', 'Chaining ONBUILD'],
    ['HEALTHCHECK foo', 'Unknown type "FOO" in HEALTHCHECK (try CMD)'],
    ['ENV a="b', 'unexpected end of statement while looking for matching double-quote'],
  ];
  for (const [change, message] of errors)
    test(`refuses ${change}`, () => expect(() => applyChanges({}, [change])).toThrow(message));
});
