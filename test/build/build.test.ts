/** Builds from Dockerfile to image. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { EngineRig } from '../engine/rig.ts';
import { type Built, build, listing, outcomes, outputOf, quietOperation } from './rig.ts';

let rig: EngineRig;
beforeAll(async () => {
  rig = await EngineRig.open();
});
afterAll(() => rig[Symbol.asyncDispose]());

const from = (...lines: string[]) => ['FROM busybox', ...lines].join('\n');
const run = (built: Built) => outcomes(built).filter((line) => line.startsWith('RUN'));

test('files are copied, commands run, the config says what to run', async () => {
  const dockerfile = from(
    'WORKDIR /app',
    'COPY . .',
    'ENV GREETING=hello',
    'RUN echo $GREETING $(cat a.txt) > out && cat out',
    'CMD ["cat", "out"]',
  );
  const files = { 'a.txt': 'world', 'dir/b': 'b' };
  const built = await build(rig, dockerfile, files, { tags: ['greeter'] });
  expect(outputOf(built)).toBe('hello world\n');
  expect(built.result.names).toEqual(['greeter:latest']);
  expect(built.image.config.config).toMatchObject({ Cmd: ['cat', 'out'], WorkingDir: '/app' });
  expect(built.image.config.config?.Env).toContain('GREETING=hello');
  expect(built.image.config.history?.map(({ created_by }) => created_by).slice(-5)).toEqual([
    'WORKDIR /app',
    'COPY . . # buildkit',
    'ENV GREETING=hello',
    'RUN /bin/sh -c echo $GREETING $(cat a.txt) > out && cat out # buildkit',
    'CMD ["cat" "out"]',
  ]);
  const again = await build(rig, dockerfile, files, { tags: ['greeter'] });
  expect(outcomes(again).filter((line) => line.endsWith(': cached'))).toHaveLength(5);
  expect(again.result.id).toBe(built.result.id);
  const changed = await build(rig, dockerfile, { ...files, 'a.txt': 'all' });
  expect(outputOf(changed)).toBe('hello all\n');
});

test('times of files are no reason to run again, their modes are', async () => {
  const dockerfile = from('COPY a /a', 'RUN true');
  await build(rig, dockerfile, { a: 'x' });
  await Bun.sleep(1100);
  expect(run(await build(rig, dockerfile, { a: 'x' }))).toEqual(['RUN true: cached']);
  expect(run(await build(rig, from('COPY --chmod=700 a /a', 'RUN true'), { a: 'x' }))).toEqual([
    'RUN true: done',
  ]);
});

test('stages: only those that are needed, each once, side by side', async () => {
  const dockerfile = `
    FROM busybox AS base
    RUN echo base >/base
    FROM base AS one
    RUN sleep 0.6; echo one >/one
    FROM base AS two
    RUN sleep 0.6; echo two >/two
    FROM busybox AS never
    RUN false
    FROM scratch
    COPY --from=one /base /one /
    COPY --from=two /two /two
    COPY --from=busybox /bin/busybox /bin/`;
  const built = await build(rig, dockerfile);
  const ofSleeps = (kind: 'step' | 'end') =>
    built.events.flatMap((event, index) => (event.kind === kind && sleeps.has(event.id) ? [index] : []));
  const sleeps = new Set(
    built.events.flatMap((event) =>
      event.kind === 'step' && /sleep/.test(event.step.title) ? [event.id] : [],
    ),
  );
  expect(sleeps.size).toBe(2);
  expect(Math.max(...ofSleeps('step'))).toBeLessThan(Math.min(...ofSleeps('end')));
  expect(run(built)).toHaveLength(3);
  expect(await listing(rig, built)).toEqual(['/base', '/bin', '/bin/busybox', '/one', '/two']);
  const target = await build(rig, dockerfile, {}, { target: 'two' });
  expect(run(target).every((line) => line.endsWith('cached'))).toBe(true);
  expect(await listing(rig, target, '/two')).toEqual(['/two']);
});

test('a stage sees the variables of the one that it stands on; ARG above FROM only where it is asked for', async () => {
  const dockerfile = `
    ARG VERSION=1
    ARG BASE=busybox
    FROM \${BASE} AS first
    ENV A=a
    ARG B=b
    RUN echo "[$VERSION$A$B]"
    FROM first
    ARG VERSION
    ARG TARGETARCH
    RUN echo "[$VERSION$A$B]" $TARGETARCH`;
  expect(outputOf(await build(rig, dockerfile))).toBe('[ab]\n[1ab] amd64\n');
  const args = new Map([
    ['VERSION', '2'],
    ['B', 'c'],
  ]);
  expect(outputOf(await build(rig, dockerfile, {}, { args }))).toBe('[ac]\n[2ac] amd64\n');
});

test('ONBUILD of an image and of a stage', async () => {
  await build(rig, from('ONBUILD COPY a /a', 'ONBUILD RUN cat /a'), {}, { tags: ['parent'] });
  const built = await build(rig, 'FROM parent\nRUN echo own', { a: 'triggered\n' });
  expect(outputOf(built)).toBe('triggered\nown\n');
  expect(built.image.config.config?.OnBuild).toBeUndefined();
});

test('heredocs: a script, files, an interpreter of its own', async () => {
  const dockerfile = from(
    'RUN <<EOF',
    'set -e',
    'echo one',
    'echo two',
    'EOF',
    'ENV NAME=world',
    'COPY <<hello.txt <<"raw.txt" /texts/',
    'hello $NAME',
    'hello.txt',
    'hello $NAME',
    'raw.txt',
    'RUN <<EOF',
    '#!/bin/cat',
    'printed',
    'EOF',
    'RUN cat /texts/hello.txt /texts/raw.txt; ls /dev',
  );
  const output = outputOf(await build(rig, dockerfile));
  expect(output).toStartWith('one\ntwo\n#!/bin/cat\nprinted\nhello world\nhello $NAME\n');
  expect(output).not.toContain('pipes');
});

test('entrypoint and command; labels; what else a config has', async () => {
  await build(rig, from('CMD ["below"]', 'LABEL a=1 b=2'), {}, { tags: ['configured'] });
  const dockerfile = `FROM configured
    ENTRYPOINT ["/bin/echo"]
    LABEL b=3
    EXPOSE 80 53/udp
    VOLUME /data
    USER daemon:adm
    STOPSIGNAL SIGINT
    SHELL ["/bin/sh", "-ec"]
    HEALTHCHECK --interval=3s CMD true
    MAINTAINER me`;
  const { image } = await build(rig, dockerfile, {}, { labels: { c: '4' } });
  expect(image.config.config).toMatchObject({
    Entrypoint: ['/bin/echo'],
    Labels: { a: '1', b: '3', c: '4' },
    ExposedPorts: { '80/tcp': {}, '53/udp': {} },
    Volumes: { '/data': {} },
    User: 'daemon:adm',
    StopSignal: 'SIGINT',
    Shell: ['/bin/sh', '-ec'],
    Healthcheck: { Test: ['CMD-SHELL', 'true'], Interval: 3e9 },
  });
  expect(image.config.config?.Cmd ?? null).toBeNull();
  expect(image.config.author).toBe('me');
});

test('the same on two data roots with SOURCE_DATE_EPOCH', async () => {
  const tools = from('WORKDIR /w/v', 'RUN mkdir /m; date > /dev/null; echo b > /m/b; rm /etc/group');
  const dockerfile = `${tools}\nFROM scratch\nCOPY --from=0 /m /w /\nCOPY --parents a/b/./c/d /x/\nADD t.tar /t/\nLABEL a=b`;
  const files = { 'a/b/c/d': 'x', 't.tar': 'no tar' };
  const options = { epoch: 1_700_000_000, noCache: true };
  const first = await build(rig, dockerfile, files, options);
  await using other = await EngineRig.open();
  await Bun.sleep(1100);
  const second = await build(other, dockerfile, files, options);
  expect(await listing(rig, first)).toContain('/x/c/d');
  expect(second.result.id).toBe(first.result.id);
  const [one, two] = [await build(rig, tools, {}, options), await build(other, tools, {}, options)];
  expect(two.image.chainIds).toEqual(one.image.chainIds);
});

test('an image that tells what its steps were made of is a cache for others', async () => {
  const dockerfile = from(
    'COPY a /a',
    'RUN cat /a; cat /proc/sys/kernel/random/uuid >/b',
    'ENV A=b',
    'RUN cat /proc/sys/kernel/random/uuid >/c',
  );
  const options = { tags: ['cached'], inlineCache: true };
  const first = await build(rig, dockerfile, { a: 'x' }, options);
  const archive = await rig.engine.images.save(['cached', 'busybox'], { platform: '' }, quietOperation());
  await using other = await EngineRig.open();
  await other.engine.images.load(archive, { quiet: true, platform: '' }, quietOperation());
  const second = await build(other, dockerfile, { a: 'x' }, { cacheFrom: ['cached', 'none:1'] });
  expect(run(second)).toEqual([
    'RUN cat /a; cat /proc/sys/kernel/random/uuid >/b: cached',
    'RUN cat /proc/sys/kernel/random/uuid >/c: cached',
  ]);
  expect(second.image.chainIds).toEqual(first.image.chainIds);
  expect(run(await build(other, dockerfile, { a: 'y' }, { cacheFrom: ['cached'] }))[0]).toEndWith('done');
});

test('pruning: what no image has goes, and is made again', async () => {
  await using fresh = await EngineRig.open();
  const dockerfile = from('RUN --mount=type=cache,target=/c head -c 100000 /dev/zero >/big; cp /big /c');
  const { result } = await build(fresh, dockerfile);
  const { builds, images } = fresh.engine;
  expect((await builds.usage()).map(({ kind, size, shared }) => [kind, size >= 100000, shared])).toEqual([
    ['step', true, true],
    ['mount', true, false],
  ]);
  const nothing = { all: false, filters: new Map(), keep: 0 };
  expect((await builds.prune(nothing)).space).toBeGreaterThanOrEqual(100000);
  const again = await build(fresh, dockerfile);
  expect(run(again)[0]).toEndWith('cached');
  expect(again.result.id).toBe(result.id);
  await images.remove(result.id, { force: true, noPrune: false });
  const { removed, space } = await builds.prune({ ...nothing, all: true });
  expect(removed.length).toBeGreaterThan(0);
  expect(space).toBeGreaterThanOrEqual(100000);
  expect(await builds.usage()).toEqual([]);
});

test('a build argument that nobody asks for is told of; what reaches beyond the step has to be granted', async () => {
  const args = new Map([
    ['USED', '1'],
    ['UNUSED', '2'],
    ['HTTP_PROXY', 'http://x'],
  ]);
  const built = await build(rig, from('ARG USED', 'RUN echo $USED $http_proxy'), {}, { args });
  expect(outputOf(built)).toBe('1 http://x\n[Warning] One or more build-args [UNUSED] were not consumed\n');
  const insecure = from('RUN --security=insecure grep CapEff /proc/self/status');
  await expect(build(rig, insecure)).rejects.toThrow('security.insecure is not allowed');
  const allow = new Set(['security.insecure'] as const);
  expect(outputOf(await build(rig, insecure, {}, { allow }))).not.toContain('00000000a80425fb');
  await expect(build(rig, from('RUN --network=host true'))).rejects.toThrow('network.host is not allowed');
});

test('a build context by name: files, and an image in place of another', async () => {
  const archive = new Blob([Bun.spawnSync(['tar', '-C', '/etc', '-cf', '-', 'hostname']).stdout]).stream();
  const contexts = new Map([
    ['files', { kind: 'tar', archive } as const],
    ['alpine', { kind: 'image', name: 'busybox' } as const],
  ]);
  const dockerfile =
    'FROM alpine\nCOPY --from=files hostname /h\nRUN --mount=from=files,target=/f cmp /h /f/hostname && echo same';
  expect(outputOf(await build(rig, dockerfile, {}, { contexts }))).toBe('same\n');
});

test('--squash: one layer of all that the build has made, what is gone is gone', async () => {
  const dockerfile = from(
    'RUN mkdir /d; echo a >/d/a; echo b >/d/b',
    'COPY f /d/a',
    'RUN rm /d/b /etc/group; ln /d/a /d/c',
    'CMD ["x"]',
  );
  const plain = await build(rig, dockerfile, { f: 'new' });
  const squashed = await build(rig, dockerfile, { f: 'new' }, { squash: true });
  expect(squashed.image.chainIds.length).toBe(plain.image.chainIds.length - 2);
  expect(await listing(rig, squashed)).toEqual(await listing(rig, plain));
  expect(squashed.image.config.config).toEqual(plain.image.config.config);
  expect(squashed.image.config.history?.at(-1)?.comment).toBe('merge of 3 layers');
  const scratch = await build(rig, 'FROM scratch\nCOPY f /a\nCOPY f /b', { f: 'x' }, { squash: true });
  expect([scratch.image.chainIds.length, await listing(rig, scratch)]).toEqual([1, ['/a', '/b']]);
});

test('another platform: files can be put together, nothing can be run', async () => {
  const built = await build(rig, 'FROM scratch\nCOPY f /f', { f: 'x' }, { platform: 'linux/s390x' });
  expect(built.image.config.architecture).toBe('s390x');
  const run = 'FROM scratch\nCOPY f /f\nRUN ["/f"]';
  await expect(build(rig, run, { f: 'x' }, { platform: 'linux/s390x' })).rejects.toThrow('needs an emulator');
});
