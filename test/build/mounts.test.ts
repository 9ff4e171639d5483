/** `RUN --mount`, and what is left of a step. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { EngineRig } from '../engine/rig.ts';
import { build, listing, outcomes, outputOf, quietOperation } from './rig.ts';

let rig: EngineRig;
beforeAll(async () => {
  rig = await EngineRig.open();
});
afterAll(() => rig[Symbol.asyncDispose]());

const from = (...lines: string[]) => ['FROM busybox', ...lines].join('\n');
const secrets = (text: string) => new Map([['key', Buffer.from(text)]]);

test('bind: the context, a part of it, a stage, an image; what is written to it is thrown away', async () => {
  const dockerfile = `
    FROM busybox AS tools
    RUN mkdir /t && echo tool >/t/tool
    FROM busybox
    RUN --mount=target=/ctx cat /ctx/dir/a; if touch /ctx/b; then exit 1; fi 2>/dev/null
    RUN --mount=type=bind,source=dir,target=/d,rw cat /d/a; echo changed >/d/a; cat /d/a
    RUN --mount=type=bind,source=dir/a,target=/f cat /f /f
    RUN --mount=from=tools,source=/t,target=/t cat /t/tool
    RUN --mount=from=busybox,target=/img test -x /img/bin/busybox`;
  const built = await build(rig, dockerfile, { 'dir/a': 'a\n' });
  expect(outputOf(built)).toBe('a\na\nchanged\na\na\ntool\n');
  for (const name of ['/ctx', '/d', '/f', '/t', '/img']) expect(await listing(rig, built, name)).toEqual([]);
  const again = await build(rig, dockerfile, { 'dir/a': 'a\n', 'elsewhere/b': 'new' });
  const runs = outcomes(again).filter((line) => line.startsWith('RUN'));
  expect(runs.map((line) => line.endsWith('cached'))).toEqual([true, false, true, true, true, true]);
});

test('a bind leads nowhere else, whatever links the context has', async () => {
  const link = 'FROM busybox\nRUN --mount=source=out/hostname,target=/h cat /h';
  await expect(build(rig, link, { 'dir/a': 'a' })).rejects.toThrow(/not found|no such file/i);
});

test('cache: kept between builds, locked when it is to be, born with what it is given', async () => {
  const dockerfile = (mount: string, command: string) => from(`RUN --mount=type=cache,${mount} ${command}`);
  const add = 'echo x >>/c/log; wc -l </c/log';
  expect(outputOf(await build(rig, dockerfile('target=/c', add)))).toBe('1\n');
  expect(outputOf(await build(rig, dockerfile('target=/c', add), {}, { noCache: true }))).toBe('2\n');
  expect(outputOf(await build(rig, dockerfile('target=/c,id=other', add)))).toBe('1\n');
  const locked = dockerfile(
    'target=/c,id=l,sharing=locked',
    'test ! -e /c/in && touch /c/in && sleep 0.3 && rm /c/in',
  );
  await Promise.all([1, 2, 3].map((n) => build(rig, `${locked}; echo ${n} >/dev/null`)));
  const born = await build(
    rig,
    `FROM busybox AS seed\nRUN mkdir /s; echo seed >/s/f\nFROM busybox\nRUN --mount=type=cache,target=/c,id=born,from=seed,source=/s,uid=3,mode=700 cat /c/f; stat -c '%u %a' /c`,
  );
  expect(outputOf(born)).toBe('seed\n3 700\n');
  expect(await listing(rig, born, '/c')).toEqual([]);
});

test('private caches are not seen by others at the same time', async () => {
  const one = (n: number) =>
    from(`RUN --mount=type=cache,target=/c,sharing=private echo ${n} >/c/f; sleep 0.5; cat /c/f`);
  const built = await Promise.all([1, 2].map((n) => build(rig, one(n))));
  expect(built.map(outputOf)).toEqual(['1\n', '2\n']);
});

test('tmpfs', async () => {
  const built = await build(
    rig,
    from(
      'RUN --mount=type=tmpfs,target=/t,size=1m mount | grep " /t " | grep -o "size=[0-9]*k"; echo x >/t/x',
    ),
  );
  expect(outputOf(built)).toBe('size=1024k\n');
  expect(await listing(rig, built, '/t')).toEqual([]);
});

test('secrets: a file, a variable; never in a layer, in the history or on disk; not part of the key', async () => {
  const dockerfile = from(
    'RUN --mount=type=secret,id=key,target=/run/secrets/key,env=KEY cat /run/secrets/key && echo "[$KEY]"; stat -c %a /run/secrets/key',
  );
  const built = await build(rig, dockerfile, {}, { secrets: secrets('s3cr3t') });
  expect(outputOf(built)).toContain('[s3cr3t]');
  expect(JSON.stringify(built.image.config)).not.toContain('s3cr3t');
  expect(await listing(rig, built, '/run')).toEqual([]);
  const other = await build(rig, dockerfile, {}, { secrets: secrets('other') });
  expect(outcomes(other).at(-1)).toEndWith('cached');
  const place = from('RUN --mount=type=secret,id=key,target=/k,mode=0444,uid=2 cat /k; stat -c " %u %a" /k');
  expect(outputOf(await build(rig, place, {}, { secrets: secrets('x') }))).toBe('x 2 444\n');
  expect(
    outputOf(
      await build(rig, from('RUN --mount=type=secret,id=none test ! -e /run/secrets/none && echo ok')),
    ),
  ).toBe('ok\n');
  await expect(build(rig, from('RUN --mount=type=secret,id=none,required true'))).rejects.toThrow(
    'secret none: not found',
  );
  const run = join(rig.directory, 'exec', 'build');
  expect(existsSync(run) ? readdirSync(run) : []).toEqual([]);
});

test('what cannot be', async () => {
  await expect(build(rig, from('RUN --mount=target=/ true'))).rejects.toThrow('invalid mount target "/"');
  await expect(build(rig, from('RUN --mount=type=ssh,required true'))).rejects.toThrow(
    'no SSH key "default" forwarded from the client',
  );
  await expect(build(rig, from('RUN --mount=source=none,target=/x true'))).rejects.toThrow('file not found');
});

test('a command that fails says so with its code, and leaves nothing', async () => {
  const before = { snapshots: rig.engine.images, containers: (await rig.containers.list()).length };
  const failed = build(rig, from('RUN echo shown; exit 3'));
  await expect(failed).rejects.toThrow(
    "The command '/bin/sh -c echo shown; exit 3' returned a non-zero code: 3",
  );
  await expect(build(rig, from('RUN ["/none"]'))).rejects.toThrow('/none');
  await expect(build(rig, from('USER nobody-here', 'RUN true'))).rejects.toThrow('nobody-here');
  expect((await rig.containers.list()).length).toBe(before.containers);
  expect(readdirSync(join(rig.directory, 'data', 'build', 'contexts', 'once'))).toEqual([]);
});

test('a build whose client goes away ends, with everything that it runs', async () => {
  const client = new AbortController();
  const op = { ...quietOperation(), signal: client.signal };
  const building = build(rig, from('RUN sleep 600'), {}, {}, op);
  building.catch(() => {});
  while ((await rig.containers.list()).length === 0) await Bun.sleep(20);
  client.abort();
  await expect(building).rejects.toThrow();
  expect(await rig.containers.list()).toEqual([]);
  expect(readdirSync(join(rig.directory, 'data', 'build', 'contexts', 'once'))).toEqual([]);
});

test('the first stage that fails ends the others', async () => {
  const dockerfile =
    'FROM busybox AS slow\nRUN sleep 600\nFROM busybox AS quick\nRUN sleep 0.3; exit 7\nFROM busybox\nCOPY --from=slow /etc/passwd /a\nCOPY --from=quick /etc/passwd /b';
  await expect(build(rig, dockerfile)).rejects.toThrow('non-zero code: 7');
  expect(await rig.containers.list()).toEqual([]);
});

test('two builds of the same: when the one that does the work is given up, the other does it', async () => {
  const client = new AbortController();
  const dockerfile = from('RUN sleep 1; echo finished');
  const first = build(rig, dockerfile, {}, {}, { ...quietOperation(), signal: client.signal });
  first.catch(() => {});
  while ((await rig.containers.list()).length === 0) await Bun.sleep(20);
  const second = build(rig, dockerfile);
  await Bun.sleep(300);
  client.abort();
  await expect(first).rejects.toThrow();
  expect(outputOf(await second)).toBe('finished\n');
});
