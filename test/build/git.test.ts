/** Git repositories and URLs as contexts. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EngineRig } from '../engine/rig.ts';
import { eventually, succeed } from '../rig/command.ts';
import { build, listing, outputOf } from './rig.ts';

let rig: EngineRig;
let daemon: Bun.Subprocess;
let url = '';
const work = mkdtempSync(join(tmpdir(), 'gantry-git-'));

beforeAll(async () => {
  rig = await EngineRig.open();
  const source = join(work, 'source');
  mkdirSync(source);
  await succeed([
    'sh',
    '-ec',
    `cd ${source}; git init -q -b main; git config user.email a@b; git config user.name a
     printf 'FROM busybox\\nCOPY . /c\\nRUN cat /c/file; ls -A /c\\n' >Dockerfile; echo main >file; mkdir sub; printf 'FROM busybox\\nCOPY f /f\\nRUN cat /f\\n' >sub/Dockerfile; echo sub >sub/f
     ln -s /etc escape; git add .; git commit -qm one; git checkout -qb other; echo other >file; git commit -qam two; git tag v1; git checkout -q main
     git clone -q --bare ${source} ${work}/repo.git`,
  ]);
  const port = 20000 + Math.floor(Math.random() * 20000);
  const flags = [
    '--reuseaddr',
    '--export-all',
    '--listen=127.0.0.1',
    `--port=${port}`,
    `--base-path=${work}`,
  ];
  daemon = Bun.spawn(['/usr/lib/git-core/git-daemon', ...flags], { stdio: ['ignore', 'ignore', 'ignore'] });
  url = `git://127.0.0.1:${port}/repo.git`;
  await eventually(async () => Bun.spawnSync(['git', 'ls-remote', url]).exitCode === 0, 'git answers');
});
afterAll(async () => {
  daemon.kill();
  await daemon.exited;
  await rig[Symbol.asyncDispose]();
  rmSync(work, { recursive: true });
});

const remote = (fragment = '') =>
  build(rig, '', {}, { context: { kind: 'remote', url: `${url}${fragment}` }, noCache: true });

test('the head, a branch, a tag, a directory', async () => {
  expect(outputOf(await remote())).toBe('main\nDockerfile\nescape\nfile\nsub\n');
  expect(outputOf(await remote('#other'))).toStartWith('other\n');
  expect(outputOf(await remote('#v1'))).toStartWith('other\n');
  expect(outputOf(await remote('#main:sub'))).toBe('sub\n');
});

test.each([
  ['#none', /failed to fetch/],
  ['#main:none', /subdir not found/],
  ['#main:../../etc', /subdir not found/],
  ['#main:escape', /subdir not found/],
  ['#main:file', /subdir not found/],
  ['#--upload-pack=touch${IFS}/tmp/owned', /invalid git reference/],
])('%s is refused (CVE-2019-13139, CVE-2026-33748)', async (fragment, text) => {
  await expect(remote(fragment)).rejects.toThrow(text);
  expect(existsSync('/tmp/owned')).toBe(false);
  expect(readdirSync(join(rig.directory, 'data', 'build', 'contexts', 'once'))).toEqual([]);
});

test('a file of the host is no repository', async () => {
  const local = { kind: 'remote', url: `file://${work}/repo.git` } as const;
  await expect(build(rig, '', {}, { context: local })).rejects.toThrow('not found');
});

test('ADD of a repository', async () => {
  const built = await build(
    rig,
    `FROM scratch\nADD ${url}#main:sub /s/\nADD --keep-git-dir=true ${url} /all/`,
  );
  expect(await listing(rig, built, '/s')).toEqual(['/s', '/s/Dockerfile', '/s/f']);
  expect(await listing(rig, built, '/all/.git')).toContain('/all/.git/HEAD');
});

test('a URL: an archive, or a Dockerfile alone', async () => {
  const directory = join(work, 'source', 'sub');
  const archive = Bun.spawnSync(['tar', '-C', directory, '-cz', '.']).stdout;
  await using server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch: ({ url: asked }) =>
      new Response(asked.endsWith('tgz') ? archive : 'FROM busybox\nRUN echo alone\n'),
  });
  const at = (name: string) => ({ kind: 'remote', url: `http://127.0.0.1:${server.port}/${name}` }) as const;
  expect(outputOf(await build(rig, '', {}, { context: at('x.tgz'), noCache: true }))).toBe('sub\n');
  expect(outputOf(await build(rig, '', {}, { context: at('Dockerfile'), noCache: true }))).toBe('alone\n');
});
