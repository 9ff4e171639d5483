/** `build` against the API over a fake builder: what is sent, what is printed, what is left. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { builtImage } from '../api/fake-builds.ts';
import { type Fixture, startServer } from '../api/fixtures.ts';
import { command, succeed } from '../rig/command.ts';

const main = new URL('../../src/main.ts', import.meta.url).pathname;

let server: Fixture;
let directory: string;
beforeAll(async () => {
  server = await startServer();
  directory = mkdtempSync(join(tmpdir(), 'gantry-build-'));
  mkdirSync(join(directory, 'context/sub'), { recursive: true });
  mkdirSync(join(directory, 'other'));
  write('context/Dockerfile', 'FROM busybox\nRUN make\n');
  write('context/sub/file', 'x');
  write('context/secret', 'y');
  write('context/.dockerignore', 'secret\nDockerfile\n');
  write('other/Other.Dockerfile', 'FROM scratch\n');
  write('other/Other.Dockerfile.dockerignore', 'sub\n');
  write('token', 'top');
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true });
});
beforeEach(() => {
  server.builds.requests.length = 0;
  server.builds.contexts.clear();
  server.builds.behaviour = 'succeed';
});

function write(name: string, text: string): void {
  writeFileSync(join(directory, name), text);
}

function build(args: string[], options: { stdin?: string | Uint8Array; env?: Record<string, string> } = {}) {
  return command([process.execPath, main, 'build', ...args], {
    env: {
      DOCKER_HOST: `unix://${server.socket}`,
      DOCKER_CONFIG: '/nonexistent',
      BUILDKIT_PROGRESS: '',
      ...options.env,
    },
    cwd: directory,
    ...(options.stdin !== undefined && { stdin: options.stdin }),
  });
}

async function listing(id = 'context-1'): Promise<string[]> {
  const archive = server.builds.contexts.get(id) ?? Buffer.alloc(0);
  return (await succeed(['tar', '-t'], { stdin: archive })).trim().split('\n').filter(Boolean);
}

const request = () => server.builds.requests.at(-1);

describe('contexts', () => {
  test('a directory, without what is ignored; the Dockerfile comes all the same', async () => {
    const { code } = await build(['-t', 'foo', 'context']);
    expect(code).toBe(0);
    expect(await listing()).toEqual(['.dockerignore', 'sub/', 'sub/file']);
    expect(request()).toMatchObject({
      context: { kind: 'added', id: 'context-1' },
      dockerfile: { text: 'FROM busybox\nRUN make\n', name: 'Dockerfile' },
      tags: ['foo:latest'],
    });
  });

  test('-f: from where we are, with an ignore file of its own', async () => {
    await build(['-f', 'other/Other.Dockerfile', 'context']);
    expect(await listing()).toEqual(['.dockerignore', 'Dockerfile', 'secret']);
    expect(request()?.dockerfile).toEqual({ text: 'FROM scratch\n', name: 'Other.Dockerfile' });
    await build(['-f', 'other/Other.Dockerfile', 'other']);
    expect(request()?.dockerfile).toEqual({ text: 'FROM scratch\n', name: 'Other.Dockerfile' });
  });

  test('standard input: a Dockerfile, a tar, or the Dockerfile beside a context', async () => {
    await build(['-'], { stdin: 'FROM scratch\n' });
    expect([request()?.dockerfile, await listing()]).toEqual([
      { text: 'FROM scratch\n', name: 'Dockerfile' },
      [],
    ]);
    const archive = Bun.spawnSync(['tar', '-C', join(directory, 'context'), '-cz', '.']).stdout;
    await build(['-f', 'sub/D', '-'], { stdin: archive });
    expect(request()?.dockerfile).toEqual({ path: 'sub/D' });
    expect(server.builds.contexts.get('context-2')).toEqual(archive);
    await build(['-f', '-', 'other'], { stdin: 'FROM here\n' });
    expect(request()?.dockerfile).toEqual({ text: 'FROM here\n', name: 'Dockerfile' });
    expect(await listing('context-3')).toEqual(['Other.Dockerfile', 'Other.Dockerfile.dockerignore']);
  });

  test('a URL goes as it is', async () => {
    const url = 'https://github.com/a/b.git#main:sub';
    await build(['-f', 'D', url]);
    expect(request()).toMatchObject({ context: { kind: 'remote', url }, dockerfile: { path: 'D' } });
    expect(server.builds.contexts.size).toBe(0);
  });

  test('named ones', async () => {
    await build(['--build-context', 'o=other', '--build-context', 'i=docker-image://alpine', 'context']);
    expect([...(request()?.contexts ?? [])]).toEqual([
      ['o', { kind: 'added', id: 'context-1' }],
      ['i', { kind: 'image', name: 'alpine' }],
    ]);
  });

  test.each([
    [['nowhere'], 'unable to prepare context: path "nowhere" not found'],
    [['token'], 'unable to prepare context: context must be a directory: '],
    [['other'], 'failed to read dockerfile: open Dockerfile: no such file or directory'],
    [['-f', 'nope', 'context'], 'failed to read dockerfile: open nope: no such file or directory'],
    [['-f', '-', '-'], "invalid argument: can't use stdin for both build context and dockerfile"],
    [[], "gantry: 'gantry build' requires 1 argument"],
  ])('refused: %j', async (args, message) => {
    const { code, stderr } = await build(args);
    expect(code).toBe(1);
    expect(stderr).toStartWith(message);
  });
});

test('options arrive', async () => {
  const { code } = await build(
    [
      ...[
        '--target',
        't',
        '--build-arg',
        'A=1',
        '--build-arg',
        'B',
        '--label',
        'l=m',
        '--pull',
        '--platform',
        'linux/arm64',
      ],
      ...[
        '--secret',
        'id=s,src=token',
        '--secret',
        'id=e,env=B',
        '--network',
        'none',
        '--no-cache-filter',
        'one,two',
      ],
      ...[
        '--cache-from',
        'x',
        '--cache-to',
        'type=inline',
        '-m',
        '1g',
        '--add-host',
        'h:1.2.3.4',
        '--squash',
      ],
      ...['--rm', '--force-rm', '--compress', '--provenance=false', 'context'],
    ],
    { env: { B: 'two', SOURCE_DATE_EPOCH: '7' } },
  );
  expect(code).toBe(0);
  expect(request()).toMatchObject({
    ...{
      target: 't',
      labels: { l: 'm' },
      pull: true,
      platform: 'linux/arm64',
      network: 'none',
      squash: true,
    },
    ...{ noCache: ['one', 'two'], cacheFrom: ['x'], inlineCache: true, epoch: 7 },
    limits: { memory: 2 ** 30, extraHosts: ['h:1.2.3.4'] },
  });
  expect(Object.fromEntries(request()?.args ?? [])).toEqual({ A: '1', B: 'two', SOURCE_DATE_EPOCH: '7' });
  const secrets = [...(request()?.secrets ?? [])].map(([id, bytes]) => [id, Buffer.from(bytes).toString()]);
  expect(secrets).toEqual([
    ['s', 'top'],
    ['e', 'two'],
  ]);
});

test('credentials of every registry', async () => {
  const config = join(directory, 'config');
  mkdirSync(config);
  const auth = (text: string) => Buffer.from(text).toString('base64');
  const auths = {
    'https://index.docker.io/v1/': { auth: auth('u:p') },
    'reg.example': { auth: auth('v:q') },
  };
  writeFileSync(
    join(config, 'config.json'),
    JSON.stringify({ auths, credHelpers: { 'gone.example': 'nope' } }),
  );
  const { code, stderr } = await build(['context'], { env: { DOCKER_CONFIG: config } });
  expect([code, stderr]).toEqual([
    0,
    expect.stringContaining('WARNING: going on without credentials for gone.example'),
  ]);
  expect(request()?.credentials('docker.io')).toEqual({ kind: 'basic', username: 'u', password: 'p' });
  expect(request()?.credentials('reg.example')).toEqual({ kind: 'basic', username: 'v', password: 'q' });
});

describe('what is printed', () => {
  test('plain, on standard error', async () => {
    const { stdout, stderr } = await build(['-t', 'foo', 'context']);
    expect(stdout).toBe('');
    expect(stderr).toContain('#3 [1/2] FROM busybox\n#3 CACHED\n\n#4 [2/2] RUN make\n');
    expect(stderr).toMatch(/#4 \d\.\d{3} made\n#4 \d\.\d{3} warned\n#4 DONE \d\.\ds\n/);
    expect(stderr).toEndWith(`#5 image\n#5 writing image ${builtImage}\n#5 naming to foo:latest\n`);
  });

  test('-q: the id; iidfile and metadata', async () => {
    const files = ['--iidfile', 'iid', '--metadata-file', 'metadata'];
    const result = await build(['-q', '-t', 'foo', ...files, 'context']);
    expect(result).toEqual({ code: 0, stdout: `${builtImage}\n`, stderr: '' });
    expect(readFileSync(join(directory, 'iid'), 'utf8')).toBe(builtImage);
    expect(JSON.parse(readFileSync(join(directory, 'metadata'), 'utf8'))).toEqual({
      'containerimage.config.digest': builtImage,
      'containerimage.digest': builtImage,
      'image.name': 'docker.io/library/foo:latest',
    });
  });

  test('rawjson: every line is JSON', async () => {
    const { stderr } = await build(['--progress', 'rawjson', 'context']);
    const lines = stderr
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.flatMap((line) => Object.keys(line))).toContain('logs');
  });

  test('a step that fails, and a Dockerfile that cannot be read', async () => {
    server.builds.behaviour = 'fail';
    const failed = await build(['context']);
    expect([failed.code, failed.stdout]).toEqual([1, '']);
    expect(failed.stderr).toMatch(
      /------\n > \[2\/2\] RUN make:\n\d\.\d{3} made\n\d\.\d{3} warned\n------\n/,
    );
    expect(failed.stderr).toEndWith(
      "ERROR: failed to build: The command '/bin/sh -c make' returned a non-zero code: 3\n",
    );
    server.builds.behaviour = 'refuse';
    expect((await build(['-q', 'context'])).stderr).toBe(
      `Dockerfile:2
--------------------
   1 |     FROM busybox
   2 | >>> MISTAKE bar
     |     ^
   3 |${' '.repeat(5)}
--------------------
ERROR: failed to build: dockerfile parse error on line 2: unknown instruction: MISTAKE
`,
    );
  });

  test.each([
    [['--progress', 'bogus'], 'invalid progress mode bogus'],
    [['--progress', 'tty'], '--progress=tty: standard error is no terminal'],
    [['--push'], 'tag is needed when pushing to registry'],
    [['--call', 'outline'], '--call=outline is not part of this version yet'],
  ])('refused: %j', async (args, message) => {
    const { code, stderr } = await build([...args, 'context']);
    expect([code, stderr]).toEqual([1, expect.stringContaining(message)]);
    expect(server.builds.contexts.size).toBe(0);
  });
});

test('--push: each name', async () => {
  server.distribution.pushes.length = 0;
  expect((await build(['--push', '-t', 'reg.example/a', '-t', 'reg.example/b:1', 'context'])).code).toBe(0);
  expect(server.distribution.pushes.map(({ reference }) => reference)).toEqual([
    'reg.example/a:latest',
    'reg.example/b:1',
  ]);
});

describe('--check', () => {
  const nobody = { DOCKER_HOST: 'unix:///nonexistent.sock' };

  test('needs no daemon', async () => {
    expect(await build(['--check', 'context'], { env: nobody })).toEqual({
      ...{ code: 0, stdout: 'Check complete, no warnings found.\n', stderr: '' },
    });
    const { code, stdout } = await build(['--call=check', '-'], {
      stdin: 'FROM busybox\nCMD echo\n',
      env: nobody,
    });
    expect(code).toBe(1);
    expect(stdout).toBe(
      `Check complete, 1 warning has been found!

WARNING: JSONArgsRecommended - https://docs.docker.com/go/dockerfile/rule/json-args-recommended/
JSON arguments recommended for CMD to prevent unintended behavior related to OS signals
Dockerfile:2
--------------------
   1 |     FROM busybox
   2 | >>> CMD echo
   3 |${' '.repeat(5)}
--------------------
`,
    );
  });

  test('what cannot be checked', async () => {
    const wrong = await build(['--check', '-'], { stdin: 'FOO\n', env: nobody });
    expect(wrong.stderr).toContain('ERROR: dockerfile parse error on line 1: unknown instruction: FOO');
    expect((await build(['--check', 'https://example.org/x.git'], { env: nobody })).stderr).toStartWith(
      '--check needs the Dockerfile here',
    );
  });
});
