/** What `build --output` does with the image: which requests, which files. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { command, succeed } from '../rig/command.ts';

const main = new URL('../../src/main.ts', import.meta.url).pathname;
const image = `sha256:${'a'.repeat(64)}`;

let directory: string;
let files: Buffer;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'gantry-outputs-'));
  writeFileSync(join(directory, 'Dockerfile'), 'FROM scratch\n');
  writeFileSync(join(directory, 'made'), 'of the image');
  files = Buffer.from(Bun.spawnSync(['tar', '-C', directory, '-c', 'made']).stdout);
});
afterAll(() => rmSync(directory, { recursive: true }));

/** `known`: images that are here before. Gives what was asked for after the build. */
async function build(args: string[], known: string[] = []) {
  const seen: string[] = [];
  using server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    async fetch(request) {
      const { pathname, search } = new URL(request.url);
      const asked = `${request.method} ${decodeURIComponent(pathname.replace(/^\/v[\d.]+/, '') + search)}`;
      const body = await request.text();
      seen.push(asked);
      if (asked === 'POST /gantry/build') {
        const { Tags } = JSON.parse(body) as { Tags: string[] };
        return new Response(
          `${JSON.stringify({ time: 0, kind: 'result', image, names: Tags, caches: [] })}\n`,
        );
      }
      if (asked.startsWith('GET /images/json')) return Response.json(known.map((Id) => ({ Id })));
      if (asked.endsWith('/export')) return new Response(files);
      if (asked.startsWith('GET /images/get')) return new Response('an archive');
      if (request.method === 'DELETE') return new Response(null, { status: 204 });
      return Response.json({ Id: 'x', Wanted: [] }, { status: 201 });
    },
  });
  const result = await command([process.execPath, main, 'build', '-q', ...args, '.'], {
    cwd: directory,
    env: { DOCKER_HOST: `tcp://127.0.0.1:${server.port}`, DOCKER_CONFIG: '/nonexistent' },
  });
  return { ...result, asked: seen.slice(seen.indexOf('POST /gantry/build') + 1) };
}

const taken = ['POST /containers/create', 'GET /containers/x/export', 'DELETE /containers/x?force=1&v=1'];

test('a directory, from a container that never runs; neither it nor the image stays', async () => {
  const { code, asked } = await build(['-o', 'out/deep']);
  expect(code).toBe(0);
  expect(asked).toEqual([...taken, `DELETE /images/${image}`]);
  expect(readFileSync(join(directory, 'out/deep/made'), 'utf8')).toBe('of the image');
});

test('an image that was here before stays', async () => {
  expect((await build(['-o', 'type=local,dest=out'], [image])).asked).toEqual(taken);
});

test('a tar, in a file or on standard output', async () => {
  await build(['-o', 'type=tar,dest=new/files.tar']);
  expect(await succeed(['tar', '-tf', join(directory, 'new/files.tar')])).toBe('made\n');
  const { stdout } = await build(['-o', '-']);
  expect(stdout).toContain('of the image');
});

test('an archive of the image, under its names', async () => {
  const named = await build(['-t', 'foo:1', '-o', 'type=docker,dest=image.tar']);
  expect(named.asked).toEqual(['GET /images/get?names=foo:1']);
  expect(readFileSync(join(directory, 'image.tar'), 'utf8')).toBe('an archive');
  const nameless = await build(['-o', 'type=oci,dest=image.tar']);
  expect(nameless.asked).toEqual([`GET /images/get?names=${image}`, `DELETE /images/${image}`]);
});

test('an image with a name of its own, and none at all', async () => {
  expect((await build(['-o', 'type=image,name=bar'])).asked).toEqual([]);
  expect((await build(['-o', 'type=cacheonly'])).asked).toEqual([`DELETE /images/${image}`]);
});

test('what cannot be written leaves nothing behind', async () => {
  writeFileSync(join(directory, 'file'), '');
  const { code, asked } = await build(['-o', 'type=tar,dest=file/below.tar']);
  expect(code).toBe(1);
  expect(asked).toEqual([...taken, `DELETE /images/${image}`]);
  expect(existsSync(join(directory, 'file/below.tar'))).toBe(false);
  expect(readdirSync(directory).filter((name) => name.startsWith('.docker_temp'))).toEqual([]);
});
