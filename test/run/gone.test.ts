/** What fails at some stage of a start, and clients that leave in the middle: nothing of them may stay. */
import { expect } from 'bun:test';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { eventually } from '../rig/command.ts';
import { isGantry, type TestEngine } from '../rig/engine.ts';
import { busyboxTar } from '../rig/images.ts';
import { leftovers } from '../rig/leftovers.ts';
import { suite } from '../rig/suite.ts';

const { each, once } = suite();

const failing: string[][] = [
  ['busybox', 'no-such-program'],
  ['-u', 'nobody-here', 'busybox', 'true'],
  ['-w', '/etc/passwd', 'busybox', 'true'],
  ['--sysctl', 'net.no.such=1', 'busybox', 'true'],
  ['--sysctl', 'net.ipv4.ip_forward=never', 'busybox', 'true'],
  ['-v', '/etc/passwd:/etc', 'busybox', 'true'],
  ['-v', '/etc:/etc/passwd', 'busybox', 'true'],
  ['--device', '/dev/no-such-device', 'busybox', 'true'],
  ['--cpu-rt-runtime', '1000', 'busybox', 'true'],
  ['--network', 'container:nope', 'busybox', 'true'],
  ['--network', 'no-such-network', 'busybox', 'true'],
  ['-p', '203.0.113.7:80:80', 'busybox', 'true'],
  ['-p', '7070:80', 'busybox', 'true'],
  ['--security-opt', 'seccomp={"defaultAction":"nonsense"}', 'busybox', 'true'],
  ['-v', 'volume-of-mine:/x', '--volume-driver', 'nope', 'busybox', 'true'],
];

each('a start that fails at any stage leaves nothing', async (cli, engine) => {
  await engine.ok(cli, 'run', '-d', '--name', 'owner', '-p', '7070:80', 'busybox', 'sleep', '60');
  for (const args of failing) {
    const result = await engine.run(cli, ['run', '--rm', ...args]);
    expect([args, result.code]).not.toEqual([args, 0]);
    expect([args, result.stderr]).not.toEqual([args, '']);
  }
  if (isGantry) expect(await engine.ok(cli, 'ps', '-aq')).not.toContain('\n');
  await engine.ok(cli, 'rm', '-f', 'owner');
  expect(await leftovers(engine)).toEqual([]);
  expect(await engine.ok(cli, 'volume', 'ls', '-q')).not.toContain('volume-of-mine');
});

/** Sends `text`, waits a moment, and hangs up. */
async function hangUp(engine: TestEngine, ...pieces: (string | Uint8Array)[]): Promise<void> {
  const socket = connect(engine.socket);
  socket.on('error', () => {});
  socket.on('data', () => {});
  for (const piece of pieces) socket.write(piece);
  await Bun.sleep(40);
  socket.destroy();
}

const get = (path: string) => `GET /v1.41${path} HTTP/1.1\r\nHost: x\r\n\r\n`;
const post = (path: string, headers = 'Content-Length: 0\r\n') =>
  `POST /v1.41${path} HTTP/1.1\r\nHost: x\r\n${headers}\r\n`;
const chunked = 'Transfer-Encoding: chunked\r\n';
const upgrade = 'Connection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: 0\r\n';

const openFiles = (engine: TestEngine) => readdirSync(`/proc/${engine.daemonPid}/fd`).length;

once('clients that hang up in the middle', async (engine) => {
  const loop = 'while :; do echo hello; sleep 0.01; done';
  const id = await engine.ok('docker', 'run', '-d', 'busybox', 'sh', '-c', loop);
  await hangUp(engine, get('/_ping'));
  const before = openFiles(engine);
  const images = await engine.ok('docker', 'images', '-aq');
  for (let round = 0; round < 5; round++)
    await Promise.all([
      hangUp(engine, get(`/containers/${id}/logs?follow=1&stdout=1`)),
      hangUp(engine, get(`/containers/${id}/stats`)),
      hangUp(engine, get('/events')),
      hangUp(engine, post(`/containers/${id}/wait`)),
      hangUp(engine, post(`/containers/${id}/wait?condition=removed`)),
      hangUp(engine, post(`/containers/${id}/attach?stream=1&stdout=1`, upgrade)),
      hangUp(engine, post('/images/load', chunked), `10000\r\n${'a'.repeat(30_000)}`),
      hangUp(engine, get('/images/busybox/get')),
    ]);
  const half = (await Bun.file(busyboxTar).bytes()).slice(0, 900_000);
  await hangUp(engine, post('/images/create?fromSrc=-&repo=half', chunked), '1000000\r\n', half);
  await eventually(() => openFiles(engine) <= before + 3, 'the daemon lets go of its connections');
  expect(await engine.ok('docker', 'images', '-aq')).toBe(images);
  if (isGantry) expect(unfinished(engine)).toEqual([]);
  expect(await engine.ok('docker', 'inspect', '-f', '{{.State.Running}}', id)).toBe('true');
  await engine.ok('docker', 'rm', '-f', id);
  expect(await leftovers(engine)).toEqual([]);
});

/** Downloads and unpackings that nobody will finish. */
function unfinished(engine: TestEngine): string[] {
  const ingest = join(engine.dataRoot, 'content/ingest');
  return existsSync(ingest) ? readdirSync(ingest) : [];
}

once('many requests on one connection leave no listeners on it', async (engine) => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const ask = (method: string, path: string, body: string) =>
    new Promise<number>((resolve, reject) => {
      const headers = body ? { 'Content-Type': 'application/json' } : {};
      const asked = request({ socketPath: engine.socket, agent, method, path, headers }, (answer) => {
        answer.resume();
        answer.once('end', () => resolve(answer.statusCode ?? 0));
      });
      asked.once('error', reject);
      asked.end(body);
    });
  for (let round = 0; round < 15; round++) {
    expect(await ask('POST', '/v1.41/containers/create', '{"Image":"no-such-image"}')).toBe(404);
    expect(await ask('GET', '/v1.41/events?until=1', '')).toBe(200);
  }
  agent.destroy();
  expect(engine.log()).not.toContain('MaxListenersExceeded');
});

/** docker-py reads the header through a buffer and then the bare socket: what comes in the same packet is lost to it. */
once('the header of an exec goes ahead of its output', async (engine) => {
  const id = await engine.ok('docker', 'run', '-d', 'busybox', 'sleep', '60');
  const json = { method: 'POST', headers: { 'Content-Type': 'application/json' } };
  const body = JSON.stringify({ Cmd: ['echo', 'hi'], AttachStdout: true });
  for (let round = 0; round < 20; round++) {
    const made = await engine.api(`/v1.41/containers/${id}/exec`, { ...json, body });
    const { Id } = (await made.json()) as { Id: string };
    const socket = connect(engine.socket);
    const pieces: string[] = [];
    socket.on('data', (data) => pieces.push(data.toString('latin1')));
    const start = '{"Detach":false,"Tty":false}';
    const headers = `Connection: Upgrade\r\nUpgrade: tcp\r\nContent-Type: application/json\r\nContent-Length: ${start.length}\r\n`;
    socket.write(post(`/exec/${Id}/start`, headers) + start);
    await eventually(() => pieces.join('').endsWith('hi\n'), 'the output');
    // Docker sends it in several pieces; what matters is that no output comes along.
    expect(pieces.find((piece) => piece.includes('\r\n\r\n'))).toEndWith('\r\n\r\n');
    socket.destroy();
  }
  await engine.ok('docker', 'rm', '-f', id);
});

once('attach over a WebSocket', async (engine) => {
  const id = await engine.ok('docker', 'run', '-di', 'busybox', 'cat');
  const key = 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n';
  const nonce = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nOrigin: http://x\r\n';
  const path = `/v1.41/containers/${id}/attach/ws?stream=1&stdin=1&stdout=1`;
  const socket = connect(engine.socket);
  let seen = '';
  socket.on('data', (data) => {
    seen += data.toString('latin1');
  });
  socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n${key}${nonce}\r\n`);
  await eventually(() => seen.includes('101 Switching Protocols'), 'the upgrade');
  expect(seen).toContain('s3pPLMBiTxaQ9kYGzzhZRbK+xOo=');
  // One masked binary frame; a mask of zeros leaves the text as it is (RFC 6455, 5.2).
  socket.write(Buffer.concat([Buffer.from([0x82, 0x86, 0, 0, 0, 0]), Buffer.from('hello\n')]));
  await eventually(() => seen.includes('hello\n'), 'the echo');
  socket.destroy();
  expect(await engine.ok('docker', 'inspect', '-f', '{{.State.Running}}', id)).toBe('true');
  await engine.ok('docker', 'rm', '-f', id);
});

once('a policy of unless-stopped across daemons', async (engine) => {
  const run = (...args: string[]) => engine.ok('docker', 'run', '-d', ...args, 'busybox', 'sleep', '60');
  await run('--name', 'runs', '--restart', 'unless-stopped');
  await run('--name', 'stopped', '--restart', 'unless-stopped');
  await engine.ok('docker', 'stop', '-t', '0', 'stopped');
  await engine.stopDaemon();
  await engine.startDaemon();
  const running = (name: string) => engine.ok('docker', 'inspect', '-f', '{{.State.Running}}', name);
  await eventually(async () => (await running('runs')) === 'true', 'what ran runs');
  expect(await running('stopped')).toBe('false');
  expect(readFileSync(`${engine.directory}/pid`, 'utf8').trim()).not.toBe('');
  await engine.ok('docker', 'rm', '-f', 'runs', 'stopped');
});
