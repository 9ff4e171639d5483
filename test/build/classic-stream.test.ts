/** `docker build` without BuildKit: what the unmodified docker command line prints and leaves, on Docker's daemon and on ours. */
import { expect } from 'bun:test';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { CommandOptions, Result } from '../rig/command.ts';
import type { TestEngine } from '../rig/engine.ts';
import { suite } from '../rig/suite.ts';

const { once } = suite();

const classic = { DOCKER_BUILDKIT: '0', DOCKER_CONFIG: '/nonexistent' };

function context(engine: TestEngine, files: Record<string, string>): string {
  const directory = mkdtempSync(join(engine.directory, 'context-'));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    writeFileSync(join(directory, name), text);
  }
  return directory;
}

const build = (engine: TestEngine, args: string[], options: CommandOptions = {}): Promise<Result> =>
  engine.run('docker', ['build', ...args], { ...options, env: { ...classic, ...options.env } });

/**
 * Without ids, and without what differs: Docker makes a container for every instruction, 20.10 has other words for its end, and
 * the client says how much it sends.
 */
function essence(text: string): string {
  return text
    .replaceAll(/^Sending build context[^\n]*\n/gm, '')
    .replaceAll(/^ ---> Running in [0-9a-f]{12}\n/gm, '')
    .replaceAll(/(Removing| ---> Removed) intermediate container [0-9a-f]{12}\n/g, '')
    .replaceAll(/\b[0-9a-f]{12}\b/g, 'ID');
}

const sample = `FROM busybox
ARG GREETING=hello
ENV A=b
RUN echo $GREETING > /greeting; cat /greeting; echo err >&2
COPY f /f
WORKDIR /w
CMD ["cat", "/greeting"]
`;
const whole = (end: string) => `Step 1/7 : FROM busybox
 ---> ID
Step 2/7 : ARG GREETING=hello
 ---> ID
Step 3/7 : ENV A=b
 ---> ID
Step 4/7 : RUN echo $GREETING > /greeting; cat /greeting; echo err >&2
hello
\x1b[91merr
\x1b[0m ---> ID
Step 5/7 : COPY f /f
 ---> ID
Step 6/7 : WORKDIR /w
 ---> ID
Step 7/7 : CMD ["cat", "/greeting"]
 ---> ID
Successfully built ID
${end}`;

once('every step, the output of RUN, the id and the names', async (engine) => {
  const directory = context(engine, { Dockerfile: sample, f: 'x' });
  const { code, stdout } = await build(engine, [
    '--no-cache',
    '-t',
    'one',
    '-t',
    'two:tag',
    '-t',
    'one:latest',
    directory,
  ]);
  expect(code).toBe(0);
  // The two streams of the process may arrive in any order.
  const ordered = essence(stdout).replace(/^(\x1b\[91merr\n\x1b\[0m)hello\n/m, 'hello\n$1');
  expect(ordered).toBe(whole('Successfully tagged one:latest\nSuccessfully tagged two:tag\n'));
  expect(stdout).toMatch(/ ---> Running in ([0-9a-f]{12})\n(.*\n)+?.*intermediate container \1\n/);
  const id = /Successfully built ([0-9a-f]{12})/.exec(stdout)?.[1] ?? '';
  for (const name of ['one', 'two:tag'])
    expect(await engine.ok('docker', 'image', 'inspect', '-f', '{{.Id}}', name)).toStartWith(`sha256:${id}`);
  expect(await engine.ok('docker', 'run', '--rm', 'one')).toBe('hello');
  expect(await engine.ok('docker', 'ps', '-aq')).toBe('');
});

once('the second time each step but FROM is cached, and leads to the same image', async (engine) => {
  const directory = context(engine, { Dockerfile: sample, f: 'cached' });
  const first = await build(engine, ['-q', directory]);
  const { stdout } = await build(engine, [directory]);
  expect(stdout.match(/ ---> Using cache\n/g)).toHaveLength(6);
  expect(stdout).toMatch(
    /^Step 1\/7 : FROM busybox\n ---> [0-9a-f]{12}\nStep 2\/7 : ARG GREETING=hello\n ---> Using cache\n/m,
  );
  expect(stdout).not.toContain('Running in');
  expect(stdout).toContain(`Successfully built ${first.stdout.slice('sha256:'.length).slice(0, 12)}\n`);
  const again = await build(engine, ['--no-cache', directory]);
  expect(again.stdout).not.toContain('Using cache');
});

once('-q: the id alone; --iidfile', async (engine) => {
  const directory = context(engine, { Dockerfile: sample, f: 'quiet' });
  const file = join(engine.directory, 'iid');
  const { code, stdout } = await build(engine, ['-q', '--iidfile', file, '-t', 'quiet', directory]);
  expect([code, stdout]).toEqual([0, expect.stringMatching(/^sha256:[0-9a-f]{64}\n$/)]);
  expect(readFileSync(file, 'utf8').trim()).toBe(stdout.trim());
  expect(await engine.ok('docker', 'image', 'inspect', '-f', '{{.Id}}', 'quiet')).toBe(stdout.trim());
});

once('a step that fails: its exit code, its output, and no name', async (engine) => {
  const dockerfile = 'FROM busybox\nRUN echo out; exit 3\nRUN echo never\n';
  const directory = context(engine, { Dockerfile: dockerfile });
  const message = "The command '/bin/sh -c echo out; exit 3' returned a non-zero code: 3";
  const { code, stdout, stderr } = await build(engine, ['-t', 'broken', directory]);
  expect(code).toBe(3);
  expect(essence(stdout)).toBe('Step 1/3 : FROM busybox\n ---> ID\nStep 2/3 : RUN echo out; exit 3\nout\n');
  expect(stderr).toContain(message);
  expect((await engine.run('docker', ['image', 'inspect', 'broken'])).code).toBe(1);
  const quiet = await build(engine, ['-q', directory]);
  expect([quiet.code, quiet.stdout]).toEqual([3, '']);
  expect(quiet.stderr).toContain('Step 2/3 : RUN echo out; exit 3\n');
  expect(quiet.stderr).toContain(message);
  const forced = await build(engine, ['--force-rm', directory]);
  expect(forced.stdout).toMatch(/out\n(Removing| ---> Removed) intermediate container/);
  await engine.run('docker', ['container', 'prune', '-f']);
});

once('stages: in the order of the file, or up to the target', async (engine) => {
  const dockerfile = `FROM busybox AS first
RUN echo 1 > /one
FROM scratch AS second
COPY --from=first /one /two
FROM busybox
COPY --from=second /two /three
`;
  const directory = context(engine, { Dockerfile: dockerfile });
  const { stdout } = await build(engine, ['-t', 'staged', directory]);
  expect(essence(stdout).replaceAll(' ---> Using cache\n', '')).toBe(
    `Step 1/6 : FROM busybox AS first
 ---> ID
Step 2/6 : RUN echo 1 > /one
 ---> ID
Step 3/6 : FROM scratch AS second
 ---> ${''}
Step 4/6 : COPY --from=first /one /two
 ---> ID
Step 5/6 : FROM busybox
 ---> ID
Step 6/6 : COPY --from=second /two /three
 ---> ID
Successfully built ID
Successfully tagged staged:latest
`,
  );
  expect(await engine.ok('docker', 'run', '--rm', 'staged', 'cat', '/three')).toBe('1');
  const target = await build(engine, ['--target', 'first', directory]);
  expect(target.stdout).toContain('Step 2/2 : RUN echo 1 > /one\n');
  const missing = await build(engine, ['--target', 'nope', directory]);
  expect([missing.code, missing.stderr]).toEqual([1, expect.stringContaining('nope')]);
});

once('build arguments, and those that nobody asked for', async (engine) => {
  const directory = context(engine, { Dockerfile: 'FROM busybox\nARG A\nARG B\nRUN echo "[$A $B]"\n' });
  const args = ['--build-arg', 'A=one', '--build-arg', 'B', '--build-arg', 'UNUSED=1'];
  const { code, stdout } = await build(engine, ['--no-cache', ...args, directory], { env: { B: 'two' } });
  expect(code).toBe(0);
  expect(stdout).toContain('[one two]\n');
  expect(stdout).toContain('[Warning] One or more build-args [UNUSED] were not consumed\n');
});

once('labels become steps', async (engine) => {
  const directory = context(engine, { Dockerfile: 'FROM busybox\n' });
  await build(engine, ['--label', 'a=b', '--label', 'c=two words', '-t', 'labelled', directory]);
  const labels = await engine.ok('docker', 'image', 'inspect', '-f', '{{json .Config.Labels}}', 'labelled');
  expect(JSON.parse(labels)).toEqual({ a: 'b', c: 'two words' });
});

once('the context: ignored files, another Dockerfile, standard input', async (engine) => {
  const list = 'FROM busybox\nCOPY . /c\nRUN ls -A /c\n';
  const directory = context(engine, {
    Other: list,
    '.dockerignore': 'Other\n*.log\n!keep.log\n',
    ...{ a: '', 'drop.log': '', 'keep.log': '' },
  });
  const listed = await build(engine, ['-f', join(directory, 'Other'), directory]);
  expect(essence(listed.stdout)).toContain('RUN ls -A /c\n.dockerignore\na\nkeep.log\n');
  const piped = await build(engine, ['-'], { stdin: 'FROM busybox\nRUN echo piped\n' });
  expect(essence(piped.stdout)).toContain('Step 2/2 : RUN echo piped\npiped\n');
  const archive = Bun.spawnSync(['tar', '-C', directory, '-cz', '.']).stdout;
  const sent = await build(engine, ['-f', 'Other', '-'], { stdin: archive });
  // Clients leave out what is ignored; of an archive as it is the daemon only takes away the Dockerfile.
  expect(essence(sent.stdout)).toContain('RUN ls -A /c\n.dockerignore\na\ndrop.log\nkeep.log\n');
});

once('what is wrong with a Dockerfile is said before the first step', async (engine) => {
  const parse = await build(engine, [context(engine, { Dockerfile: 'FROM busybox\nMISTAKE x\n' })]);
  expect(parse.code).toBe(1);
  expect(parse.stderr).toMatch(/dockerfile parse error (on )?line 2: unknown instruction: MISTAKE/);
  expect(essence(parse.stdout)).toBe('');
  const missing = await build(engine, [context(engine, { Dockerfile: 'FROM busybox\nCOPY nothere /x\n' })]);
  expect(missing.code).toBe(1);
  expect(missing.stderr).toContain('nothere');
});

once('the raw stream', async (engine) => {
  const directory = context(engine, { Dockerfile: 'FROM busybox\nRUN echo raw\n' });
  const archive = Bun.spawnSync(['tar', '-C', directory, '-cJ', '.']).stdout;
  const response = await engine.api('/v1.41/build?nocache=1&t=raw', {
    method: 'POST',
    headers: { 'Content-Type': 'application/x-tar' },
    body: archive,
  });
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/json']);
  const body = await response.text();
  expect(body).toEndWith('}\r\n');
  const lines = body
    .trim()
    .split('\r\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(lines.slice(0, 2)).toEqual([{ stream: 'Step 1/2 : FROM busybox' }, { stream: '\n' }]);
  expect(lines).toContainEqual({ stream: 'raw\n' });
  const id = await engine.ok('docker', 'image', 'inspect', '-f', '{{.Id}}', 'raw');
  expect(lines.slice(-3)).toEqual([
    { aux: { ID: id } },
    { stream: `Successfully built ${id.slice(7, 19)}\n` },
    { stream: 'Successfully tagged raw:latest\n' },
  ]);
});
