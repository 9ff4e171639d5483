/** A widely used SDK against the API. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { PassThrough } from 'node:stream';
import Docker from 'dockerode';
import { type Fixture, startServer } from './fixtures.ts';

let server: Fixture;
let docker: Docker;
beforeAll(async () => {
  server = await startServer();
  docker = new Docker({ socketPath: server.socket });
});
afterAll(() => server[Symbol.asyncDispose]());

function gather(stream: NodeJS.ReadableStream): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    stream.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    stream.on('end', () => resolve(text));
  });
}

test('ping, version, info', async () => {
  expect(String(await docker.ping())).toBe('OK');
  expect((await docker.version()).ApiVersion).toBe('1.55');
  expect(((await docker.info()) as { NCPU: number }).NCPU).toBe(2);
});

test('create, attach with hijack, start, wait, inspect, remove', async () => {
  const container = await docker.createContainer({
    Image: 'busybox',
    Cmd: ['cat'],
    OpenStdin: true,
    StdinOnce: true,
    AttachStdin: true,
  });
  const stream = await container.attach({
    stream: true,
    hijack: true,
    stdin: true,
    stdout: true,
    stderr: true,
  });
  const output = new PassThrough();
  docker.modem.demuxStream(stream, output, output);
  const ended = new Promise<void>((resolve) => void stream.on('end', () => resolve()));
  await container.start();
  stream.write('hello');
  stream.end();
  await ended;
  output.end();
  expect(await gather(output)).toBe('hello');
  expect(await container.wait()).toEqual({ StatusCode: 0 });
  expect((await container.inspect()).State).toMatchObject({ Status: 'exited', ExitCode: 0, Running: false });
  await container.remove();
  expect(container.inspect()).rejects.toMatchObject({ statusCode: 404 });
});

test('attach without hijack streams the output as the body', async () => {
  const container = await docker.createContainer({ Image: 'busybox', Cmd: ['echo', 'plain'] });
  const stream = await container.attach({ stream: true, stdout: true, stderr: true });
  const text = gather(stream);
  await container.start();
  expect(await text).toContain('plain\n');
});

test('exec, list, logs', async () => {
  const container = await docker.createContainer({ Image: 'busybox', Cmd: ['sleep'], name: 'sdk' });
  await container.start();
  const exec = await container.exec({ Cmd: ['echo', 'x'], AttachStdout: true });
  expect(await gather(await exec.start({}))).toContain('x\n');
  expect(await exec.inspect()).toMatchObject({ Running: false, ExitCode: 0 });
  const rows = await docker.listContainers({ filters: { name: ['^/sdk$'] } });
  expect(rows.map(({ Names }) => Names)).toEqual([['/sdk']]);
  expect((await container.logs({ stdout: true })).length).toBe(0);
  await expect(container.start()).rejects.toMatchObject({ statusCode: 304 });
});

test('build: the stream, its end, and a failure', async () => {
  server.builds.behaviour = 'succeed';
  const follow = async (): Promise<{ stream?: string; error?: string }[]> => {
    const stream = await docker.buildImage(new PassThrough().end('a tar') as never, {
      t: 'foo',
      buildargs: { A: '1' },
    });
    return new Promise((resolve, reject) =>
      docker.modem.followProgress(stream, (error, output) => (error ? reject(error) : resolve(output))),
    );
  };
  expect((await follow()).map(({ stream }) => stream)).toContain('Successfully tagged foo:latest\n');
  server.builds.behaviour = 'fail';
  expect((await follow()).at(-1)?.error).toBe("The command '/bin/sh -c make' returned a non-zero code: 3");
});
