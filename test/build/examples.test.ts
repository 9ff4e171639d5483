/** The folders of examples/: built through both command lines, run, and asked for what they serve. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { command, eventually, patience } from '../rig/command.ts';
import { type Cli, clis, isGantry, TestEngine } from '../rig/engine.ts';
import { debian } from '../rig/images.ts';

const examples = join(import.meta.dir, '../../examples');
const minutes = (count: number) => patience(count * 60_000);

let engine: TestEngine;
beforeAll(async () => {
  engine = await TestEngine.start();
  await debian(engine);
}, minutes(5));
afterAll(() => engine[Symbol.asyncDispose]());

async function build(cli: Cli, name: string, ...args: string[]): Promise<string> {
  const image = `example-${name}-${cli}`;
  const argv = ['build', '-t', image, ...args, join(examples, name)];
  const { code, stdout, stderr } = await engine.run(cli, argv, {
    timeout: minutes(4),
    env: { DOCKER_BUILDKIT: '0' },
  });
  expect([code, code === 0 ? '' : `${stdout}${stderr}`.slice(-2000)]).toEqual([0, '']);
  return image;
}

/** What a container of the image answers, once it does. */
async function served(
  cli: Cli,
  image: string,
  port: number,
  ask: (hostPort: string) => string[],
  isRight: (answer: string) => boolean,
): Promise<void> {
  const id = await engine.ok(cli, 'run', '-d', '-p', String(port), image);
  try {
    const hostPort = (await engine.ok(cli, 'port', id, String(port))).split('\n')[0]?.split(':').at(-1) ?? '';
    await eventually(async () => {
      const { stdout } = await command([...engine.network.prefix, ...ask(hostPort)]);
      return isRight(stdout);
    }, `${image} answers`);
  } finally {
    await engine.ok(cli, 'rm', '-f', '-v', id);
  }
}

const page = (path: string) => (port: string) => ['curl', '-s', `http://127.0.0.1:${port}${path}`];

for (const cli of clis) {
  test(
    `${cli}: nginx`,
    async () => {
      const image = await build(cli, 'nginx');
      const index = readFileSync(join(examples, 'nginx/index.html'), 'utf8');
      await served(cli, image, 80, page('/'), (answer) => answer === index);
    },
    minutes(5),
  );

  test(
    `${cli}: redis`,
    async () => {
      const image = await build(cli, 'redis', '--build-arg', 'MAXMEMORY=48mb');
      const script = (port: string) =>
        `(printf 'CONFIG GET maxmemory\\r\\nSET a b\\r\\nGET a\\r\\n'; sleep 0.3) | busybox nc 127.0.0.1 ${port}`;
      const isRight = (answer: string) => answer.includes('50331648') && answer.includes('+OK\r\n$1\r\nb');
      await served(cli, image, 6379, (port) => ['sh', '-c', script(port)], isRight);
    },
    minutes(5),
  );

  test(
    `${cli}: postgres`,
    async () => {
      const image = await build(cli, 'postgres');
      const id = await engine.ok(cli, 'run', '-d', image);
      await eventually(
        async () =>
          (await engine.run(cli, ['exec', id, 'psql', '-Atc', 'SELECT 6 * 7'])).stdout.trim() === '42',
        'it answers',
      );
      await engine.ok(cli, 'rm', '-f', '-v', id);
    },
    minutes(5),
  );

  test(
    `${cli}: python`,
    async () => {
      const image = await build(cli, 'python');
      await served(
        cli,
        image,
        8000,
        page('/there'),
        (answer) => answer === '{"hello": "world", "path": "there"}',
      );
    },
    minutes(5),
  );

  test(
    `${cli}: c`,
    async () => {
      const image = await build(cli, 'c', '--build-arg', 'GREETING=built for a test');
      expect(await engine.ok(cli, 'run', '--rm', image, 'one')).toBe('built for a test\none');
      expect(Number(await engine.ok(cli, 'image', 'inspect', '-f', '{{.Size}}', image))).toBeLessThan(2e6);
    },
    minutes(5),
  );
}

if (isGantry)
  test(
    'gantry: typescript',
    async () => {
      const secret = ['--secret', 'id=ca,src=/etc/ssl/certs/ca-certificates.crt'];
      const image = await build('gantry', 'typescript', ...secret);
      await served('gantry', image, 3000, page('/'), (answer) => answer.startsWith('up for '));
    },
    minutes(8),
  );
