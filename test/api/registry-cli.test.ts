/** The Docker CLI and ours against the API over a registry in memory: from the command line to what the images noun is asked. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { command } from '../rig/command.ts';
import { digest, manifestBytes } from './fake-distribution.ts';
import { type Fixture, startServer } from './fixtures.ts';

const gantry = [process.execPath, new URL('../../src/main.ts', import.meta.url).pathname];
const programs: [string, string[]][] = [
  ['gantry', gantry],
  ...(Bun.which('docker') ? ([['docker', ['docker']]] as [string, string[]][]) : []),
];

let server: Fixture;
let config: string;
beforeAll(async () => {
  server = await startServer();
  config = mkdtempSync(join(tmpdir(), 'gantry-config-'));
});
afterAll(async () => {
  rmSync(config, { recursive: true });
  await server[Symbol.asyncDispose]();
});
beforeEach(() => {
  const { pulls, pushes, logins } = server.distribution;
  for (const list of [pulls, pushes, logins]) list.length = 0;
  const auth = Buffer.from('user:pass').toString('base64');
  writeFileSync(join(config, 'config.json'), JSON.stringify({ auths: { 'reg.example': { auth } } }));
});

const basic = { kind: 'basic', username: 'user', password: 'pass' } as const;

describe.each(programs)('%s', (_, program) => {
  const run = (argv: string[]) =>
    command([...program, ...argv], {
      env: { DOCKER_HOST: `unix://${server.socket}`, DOCKER_CONFIG: config },
      timeout: 20_000,
    });

  test('pull', async () => {
    const { code, stdout } = await run(['pull', '--platform', 'linux/arm64', 'reg.example/a/b']);
    expect(code).toBe(0);
    expect(stdout).toStartWith('Using default tag: latest\nlatest: Pulling from reg.example/a/b:latest\n');
    expect(stdout).toEndWith('\nreg.example/a/b:latest\n');
    expect(server.distribution.pulls).toEqual([
      {
        reference: 'reg.example/a/b:latest',
        options: { allTags: false, platform: 'linux/arm64', credentials: basic },
      },
    ]);
    await run(['pull', '-a', 'busybox']);
    expect(server.distribution.pulls.at(-1)).toEqual({
      reference: 'busybox',
      options: { allTags: true, platform: '', credentials: { kind: 'anonymous' } },
    });
  });

  test('pull that fails before and within the stream', async () => {
    expect(await run(['pull', 'missing'])).toMatchObject({
      code: 1,
      stderr: 'Error response from daemon: manifest for missing:latest not found: manifest unknown\n',
    });
    expect(await run(['pull', 'broken'])).toMatchObject({
      code: 1,
      stderr: 'Get "https://reg.example/v2/": unauthorized: authentication required\n',
    });
  });

  test('push', async () => {
    expect((await run(['push', 'reg.example/a/b:1'])).code).toBe(0);
    expect((await run(['push', '-a', '-q', 'reg.example/a/b'])).stdout).toBe('reg.example/a/b\n');
    expect((await run(['push', '--platform', 'linux/arm/v7', 'reg.example/a/b:1'])).code).toBe(0);
    expect(server.distribution.pushes.map(({ reference, options }) => [reference, options])).toEqual([
      ['reg.example/a/b:1', { allTags: false, platform: '', credentials: basic }],
      ['reg.example/a/b', { allTags: true, platform: '', credentials: basic }],
      ['reg.example/a/b:1', { allTags: false, platform: 'linux/arm/v7', credentials: basic }],
    ]);
  });

  test('login, which keeps what the registry gave', async () => {
    const log = (password: string) =>
      run(['login', '-u', 'me', '-p', password, 'https://new.example:5000/v2/']);
    const refused = await log('wrong');
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('unauthorized: authentication required');
    expect((await log('token')).stdout).toContain('Login Succeeded\n');
    expect(server.distribution.logins.at(-1)).toEqual({
      address: 'new.example:5000',
      credentials: { kind: 'basic', username: 'me', password: 'token' },
    });
    await run(['pull', 'new.example:5000/x:1']);
    expect(server.distribution.pulls.at(-1)?.options.credentials).toEqual({
      kind: 'identity',
      token: 'refresh',
    });
    await run(['logout', 'new.example:5000']);
    await run(['pull', 'new.example:5000/x:1']);
    expect(server.distribution.pulls.at(-1)?.options.credentials).toEqual({ kind: 'anonymous' });
  });

  test('search', async () => {
    const { stdout } = await run(['search', 'busy']);
    expect(stdout).toContain('busybox   Busybox base image.   30        [OK]');
    expect(await run(['search', '--limit', '200', 'busy'])).toMatchObject({
      code: 1,
      stderr: 'Error response from daemon: limit 200 is outside the range of [1, 100]\n',
    });
  });
});

test('gantry manifest inspect', async () => {
  const env = { DOCKER_HOST: `unix://${server.socket}`, DOCKER_CONFIG: config };
  const { stdout } = await command([...gantry, 'manifest', 'inspect', '-v', 'reg.example/x:1'], { env });
  expect(JSON.parse(stdout)).toEqual({
    Ref: 'reg.example/x:1',
    Descriptor: {
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      digest,
      size: manifestBytes.length,
      platform: { architecture: 'amd64', os: 'linux' },
    },
    Raw: manifestBytes.toString('base64'),
    OCIManifest: JSON.parse(manifestBytes.toString()),
  });
});
