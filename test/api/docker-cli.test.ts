/** The real docker command line against the API over in-memory nouns: order of calls, exit codes, texts. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { type Fixture, startServer } from './fixtures.ts';

const docker = Bun.which('docker');
let server: Fixture;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server[Symbol.asyncDispose]());

async function run(args: string[], options: { stdin?: string; env?: Record<string, string> } = {}) {
  const child = Bun.spawn([docker ?? 'docker', '-H', `unix://${server.socket}`, ...args], {
    stdin: new Blob([options.stdin ?? '']),
    stdout: 'pipe',
    stderr: 'pipe',
    env: { ...process.env, ...options.env },
    timeout: 10_000,
    // docker run hands SIGTERM on to its container instead of leaving.
    killSignal: 'SIGKILL',
  });
  const [code, stdout, stderr] = await Promise.all([
    child.exited,
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  return { code, stdout, stderr };
}

describe.skipIf(docker === null)('docker', () => {
  test('run: create, attach, wait, start, in this order; the exit code is the container’s', async () => {
    server.containers.calls.length = 0;
    expect(await run(['run', '--rm', 'busybox', 'echo', 'hello'])).toMatchObject({
      code: 0,
      stdout: 'hello\n',
    });
    expect(server.containers.calls).toEqual(['create', 'attach', 'wait removed', 'start']);
    expect((await run(['run', '--rm', 'busybox', 'exit', '7'])).code).toBe(7);
  });

  test('run -i: stdin through and its end', async () => {
    const text = 'line\n'.repeat(100_000);
    const { code, stdout } = await run(['run', '-i', '--rm', 'busybox', 'cat'], { stdin: text });
    expect(code).toBe(0);
    expect(stdout).toBe(text);
  });

  test('run: stderr apart from stdout', async () => {
    expect(await run(['run', '--rm', 'busybox', 'warn', 'oops'])).toMatchObject({
      stdout: '',
      stderr: 'oops\n',
    });
  });

  test('run: 127 for a missing program, 125 for a missing image', async () => {
    const missing = await run(['run', '--rm', 'busybox', 'missing']);
    expect(missing.code).toBe(127);
    expect(missing.stderr).toContain('executable file not found in $PATH');
    const image = await run(['run', '--rm', 'missing', 'true']);
    expect(image.code).toBe(125);
    expect(image.stderr).toContain("Unable to find image 'missing:latest' locally");
    expect(image.stderr).toContain('manifest for missing:latest not found: manifest unknown');
  });

  test('exec: output, stdin, exit codes', async () => {
    await run(['run', '-d', '--name', 'target', 'busybox', 'sleep']);
    expect(await run(['exec', 'target', 'echo', 'hi'])).toMatchObject({ code: 0, stdout: 'hi\n' });
    expect(await run(['exec', '-i', 'target', 'cat'], { stdin: 'in' })).toMatchObject({
      code: 0,
      stdout: 'in',
    });
    expect((await run(['exec', 'target', 'exit', '4'])).code).toBe(4);
    expect((await run(['exec', 'target', 'missing'])).code).toBe(127);
  });

  test('ps, inspect, logs, top, stats, stop, rm', async () => {
    await run(['run', '-d', '--name', 'life', '--label', 'a=b', 'busybox', 'sleep']);
    const ps = await run(['ps', '--filter', 'label=a=b', '--format', '{{.Names}} {{.Status}} {{.Image}}']);
    expect(ps.stdout).toMatch(/^life Up (Less than a|1) second busybox\n$/);
    const inspected = await run(['inspect', '-f', '{{.State.Status}} {{.Name}} {{.Config.Image}}', 'life']);
    expect(inspected.stdout).toBe('running /life busybox\n');
    expect((await run(['top', 'life'])).stdout).toContain('4242');
    expect((await run(['stats', '--no-stream', '--format', '{{.MemUsage}}', 'life'])).stdout).toBe(
      '1MiB / 1GiB\n',
    );
    expect((await run(['rm', 'life'])).stderr).toContain('container is running');
    expect((await run(['stop', 'life'])).code).toBe(0);
    expect((await run(['wait', 'life'])).stdout).toBe('137\n');
    expect((await run(['rm', 'life'])).code).toBe(0);
    expect((await run(['rm', 'life'])).stderr).toContain('No such container: life');
  });

  test.each([
    [['version'], 'minimum version 1.22'],
    [['info'], 'Storage Driver: overlay2'],
    [['images'], 'busybox      latest    abababababab'],
    [['history', 'busybox'], 'CMD ["sh"]'],
    [['image', 'inspect', '-f', '{{.Id}}', 'busybox'], 'sha256:abab'],
    [['volume', 'create', 'v'], 'v'],
    [['volume', 'ls'], 'local     v'],
    [['network', 'ls'], 'bridge    bridge    local'],
    [['system', 'df', '-v'], 'busybox'],
    [['events', '--since', '0', '--until', '1'], 'container start'],
    [['system', 'prune', '-f'], 'Total reclaimed space: 1kB'],
    [['save', 'busybox'], 'a tar'],
  ])('%p prints %p', async (args, text) => {
    const { code, stdout, stderr } = await run(args);
    expect({ code, text: stdout + stderr }).toMatchObject({ code: 0 });
    expect(stdout).toContain(text);
  });

  test('networks: create, connect, inspect, disconnect, rm, prune', async () => {
    const front = ['--subnet', '10.9.0.0/16', '--gateway', '10.9.0.1', '--aux-address', 'x=10.9.0.9'];
    const made = await run(['network', 'create', ...front, '--label', 'a=b', 'front']);
    expect(made.stdout).toMatch(/^[0-9a-f]{64}\n$/);
    expect((await run(['network', 'create', 'front'])).stderr).toBe(
      'Error response from daemon: network with name front already exists\n',
    );
    await run(['create', '--name', 'member', 'busybox']);
    const connected = await run([
      'network',
      'connect',
      '--ip',
      '10.9.0.7',
      '--alias',
      'm',
      'front',
      'member',
    ]);
    expect(connected).toMatchObject({ code: 0, stdout: '', stderr: '' });
    const format =
      '{{(index .IPAM.Config 0).AuxAddress}} {{range .Containers}}{{.Name}} {{.IPv4Address}}{{end}}';
    expect((await run(['network', 'inspect', '-f', format, 'front'])).stdout).toBe(
      'map[x:10.9.0.9] member 10.9.0.7/16\n',
    );
    expect((await run(['network', 'ls', '-q', '-f', 'label=a=b'])).stdout).toBe(
      `${made.stdout.slice(0, 12)}\n`,
    );
    expect((await run(['network', 'rm', 'front'])).stderr).toContain('has active endpoints');
    expect((await run(['network', 'disconnect', 'front', 'member'])).code).toBe(0);
    expect((await run(['network', 'prune', '-f'])).stdout).toBe('Deleted Networks:\nfront\n\n');
    expect((await run(['network', 'rm', 'front'])).stderr).toContain('network front not found');
  });

  test('networks: what is refused', async () => {
    const addressing = ['--subnet', '10.8.0.5/24', '--gateway', '10.8.0.1'];
    expect((await run(['network', 'create', ...addressing, 'bad'])).stderr).toBe(
      'Error response from daemon: invalid network config:\ninvalid subnet 10.8.0.5/24: it should be 10.8.0.0/24\n',
    );
    expect((await run(['create', '--ip', '10.0.0.1', 'busybox'])).stderr).toContain(
      'invalid config for network bridge: invalid endpoint settings:\nuser specified IP address is supported on user defined networks only',
    );
    expect((await run(['network', 'connect', '--ip', 'x', '--ip6', 'y', 'bridge', 'member'])).stderr).toBe(
      'Error response from daemon: invalid endpoint settings:\n* user specified IP address is supported on user defined networks only\n* invalid IPv4 address: x\n* invalid IPv6 address: y\n',
    );
  });

  test.each([{ DOCKER_BUILDKIT: '' }, { DOCKER_BUILDKIT: '0' }])('build, %j', async (env) => {
    server.builds.behaviour = 'succeed';
    const dockerfile = 'FROM busybox\nRUN make\n';
    const built = await run(['build', '-t', 'foo', '-'], { stdin: dockerfile, env });
    expect(built.code).toBe(0);
    expect(built.stdout).toEndWith('Successfully built b1b1b1b1b1b1\nSuccessfully tagged foo:latest\n');
    const quiet = await run(['build', '-q', '-'], { stdin: dockerfile, env });
    expect(quiet.stdout).toBe(`sha256:${'b1'.repeat(32)}\n`);
    server.builds.behaviour = 'fail';
    const failed = await run(['build', '-'], { stdin: dockerfile, env });
    expect([failed.code, failed.stderr]).toEqual([3, expect.stringContaining('returned a non-zero code: 3')]);
    server.builds.behaviour = 'refuse';
    expect((await run(['build', '-'], { stdin: dockerfile, env })).stderr).toContain(
      'Error response from daemon: dockerfile parse error on line 2: unknown instruction: MISTAKE',
    );
  });

  test('load and import', async () => {
    expect((await run(['load'], { stdin: 'x' })).stdout).toContain('Loaded image: busybox:latest');
    expect((await run(['import', '-', 'foo'], { stdin: 'x' })).stdout).toStartWith('sha256:abab');
  });

  test('an old client and one that is too old', async () => {
    expect((await run(['ps'], { env: { DOCKER_API_VERSION: '1.24' } })).code).toBe(0);
    expect((await run(['ps'], { env: { DOCKER_API_VERSION: '1.21' } })).stderr).toContain('is too old');
  });
});
