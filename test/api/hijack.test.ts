/** Connections that leave HTTP: attach, exec, websockets; and answers that go on: wait, logs, events, stats. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { encodeFrame } from '../../src/api/http/websocket.ts';
import { type Fixture, startServer } from './fixtures.ts';
import { ask, type Conversation, converse } from './raw.ts';

let server: Fixture;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server[Symbol.asyncDispose]());

const json = 'Content-Type: application/json';
const upgrade = 'Connection: Upgrade\nUpgrade: tcp';
const multiplexed = 'application/vnd.docker.multiplexed-stream';

async function create(body: object): Promise<string> {
  const answer = await ask(server.socket, 'POST /containers/create', {
    header: json,
    body: JSON.stringify({ Image: 'busybox', ...body }),
  });
  return (JSON.parse(answer.body) as { Id: string }).Id;
}
const start = (id: string) => ask(server.socket, `POST /containers/${id}/start`);
const post = (path: string, header: string, body = '') =>
  converse(
    server.socket,
    `POST ${path} HTTP/1.1\nHost: d\n${header}\n${body && `${json}\nContent-Length: ${body.length}\n`}\n`,
  );
const frames = (...parts: [number, string][]) =>
  parts.map(([type, text]) => `${String.fromCharCode(type, 0, 0, 0, 0, 0, 0, text.length)}${text}`).join('');
const afterHeader = (talk: Conversation) => talk.text().slice(talk.text().indexOf('\r\n\r\n') + 4);

describe('attach', () => {
  test.each([
    ['with Upgrade', upgrade, 'HTTP/1.1 101 UPGRADED'],
    ['without Upgrade', 'Accept: */*', 'HTTP/1.1 200 OK'],
  ])('%s: stdin, half-close, output to the end', async (_name, header, first) => {
    const id = await create({ Cmd: ['cat'], OpenStdin: true, AttachStdin: true });
    const talk = post(`/v1.50/containers/${id}/attach?stream=1&stdin=1&stdout=1&stderr=1`, header);
    await talk.until('\r\n\r\n');
    expect(talk.text()).toStartWith(first);
    expect(talk.text()).toContain(`Content-Type: ${multiplexed}\r\n`);
    await start(id);
    talk.socket.write('one');
    await talk.until('one');
    talk.socket.write('two');
    await talk.until('two');
    talk.socket.end();
    await talk.ended;
    expect(afterHeader(talk)).toBe(frames([1, 'one'], [1, 'two']));
  });

  test('a terminal is raw, and so is everything before 1.42', async () => {
    const raw = 'Content-Type: application/vnd.docker.raw-stream\r\n';
    const tty = post(
      `/v1.50/containers/${await create({ Cmd: ['cat'], Tty: true })}/attach?stream=1&stdout=1`,
      upgrade,
    );
    await tty.until(raw);
    tty.socket.destroy();
    const old = post(`/v1.41/containers/${await create({ Cmd: ['cat'] })}/attach?stream=1&stdout=1`, upgrade);
    await old.until(raw);
    old.socket.destroy();
  });

  test('an unknown container is an HTTP error in both forms', async () => {
    for (const header of [upgrade, 'Accept: */*']) {
      const talk = post('/v1.50/containers/ghost/attach?stream=1&stdout=1', header);
      await talk.until('No such container: ghost');
      expect(talk.text()).toStartWith('HTTP/1.1 404');
      talk.socket.destroy();
    }
  });

  test('logs=1 gives the past first', async () => {
    const id = await create({ Cmd: ['echo', 'past'] });
    await start(id);
    await Bun.sleep(5);
    const talk = post(`/containers/${id}/attach?logs=1&stdout=1`, upgrade);
    await talk.ended;
    expect(afterHeader(talk)).toBe(frames([1, 'past\n']));
  });
});

describe('exec', () => {
  let container: string;
  beforeAll(async () => {
    container = await create({ Cmd: ['sleep'] });
    await start(container);
  });
  const createExec = async (body: object) => {
    const answer = await ask(server.socket, `POST /containers/${container}/exec`, {
      header: json,
      body: JSON.stringify({ AttachStdout: true, AttachStderr: true, ...body }),
    });
    return (JSON.parse(answer.body) as { Id: string }).Id;
  };

  test.each([
    ['with Upgrade', upgrade, 'HTTP/1.1 101 UPGRADED'],
    ['without Upgrade', 'Accept: */*', 'HTTP/1.1 200 OK'],
  ])('%s: the body is read before stdin, even in one packet or in many', async (_name, header, first) => {
    for (const pieces of [['{"Detach":false}'], ['{"Det', 'ach":false}']]) {
      const id = await createExec({ Cmd: ['cat'], AttachStdin: true });
      const talk = converse(
        server.socket,
        `POST /v1.50/exec/${id}/start HTTP/1.1\nHost: d\n${header}\n${json}\nContent-Length: 16\n\n`,
      );
      for (const piece of pieces) {
        talk.socket.write(piece);
        await Bun.sleep(5);
      }
      await talk.until('\r\n\r\n');
      expect(talk.text()).toStartWith(first);
      talk.socket.write('in');
      await talk.until('in');
      talk.socket.end();
      await talk.ended;
      expect(afterHeader(talk)).toBe(frames([1, 'in']));
    }
  });

  test('a program that is not there is told in the output', async () => {
    const id = await createExec({ Cmd: ['missing'] });
    const talk = post(`/v1.50/exec/${id}/start`, upgrade);
    talk.socket.write('');
    await talk.until('executable file not found in $PATH');
    expect(talk.text()).toStartWith('HTTP/1.1 101');
    await talk.ended;
    const { body } = await ask(server.socket, `GET /exec/${id}/json`);
    expect((JSON.parse(body) as { ExitCode: number }).ExitCode).toBe(127);
  });

  test('detached answers at once', async () => {
    const id = await createExec({ Cmd: ['sleep'] });
    const { status } = await ask(server.socket, `POST /exec/${id}/start`, {
      header: json,
      body: '{"Detach":true}',
    });
    expect(status).toBe(200);
  });

  test('an unknown exec is 404', async () => {
    expect((await ask(server.socket, 'GET /exec/ghost/json')).status).toBe(404);
  });
});

describe('websocket attach', () => {
  test('binary frames, nothing multiplexed', async () => {
    const id = await create({ Cmd: ['cat'], OpenStdin: true });
    const socket = new WebSocket(
      `ws+unix://${server.socket}:/v1.50/containers/${id}/attach/ws?stream=1&stdin=1&stdout=1`,
    );
    socket.binaryType = 'arraybuffer';
    const got: string[] = [];
    const closed = new Promise<number>((resolve) => {
      socket.onclose = ({ code }) => resolve(code);
    });
    const echoed = new Promise<void>((resolve) => {
      socket.onmessage = ({ data }) => {
        got.push(new TextDecoder().decode(data as ArrayBuffer));
        resolve();
      };
    });
    await new Promise((resolve) => {
      socket.onopen = resolve;
    });
    await start(id);
    socket.send('hello');
    await echoed;
    expect(got.join('')).toBe('hello');
    await ask(server.socket, `POST /containers/${id}/kill`);
    expect(await closed).toBe(1000);
  });

  test('an unmasked frame ends it', async () => {
    const id = await create({ Cmd: ['cat'], OpenStdin: true });
    const talk = converse(
      server.socket,
      `GET /containers/${id}/attach/ws?stream=1 HTTP/1.1\nHost: d\nConnection: Upgrade\nUpgrade: websocket\nSec-WebSocket-Version: 13\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\n\n`,
    );
    await talk.until('Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=');
    talk.socket.write(encodeFrame(2, Buffer.from('x')));
    await talk.ended;
  });

  test('without a handshake it is an error', async () => {
    const id = await create({ Cmd: ['cat'] });
    expect((await ask(server.socket, `GET /containers/${id}/attach/ws`)).status).toBe(400);
  });
});

describe('answers that go on', () => {
  test('wait sends its header before the exit', async () => {
    const id = await create({ Cmd: ['exit', '3'] });
    const talk = converse(
      server.socket,
      `POST /containers/${id}/wait?condition=next-exit HTTP/1.1\nHost: d\n\n`,
    );
    await talk.until('\r\n\r\n');
    expect(talk.text()).not.toContain('StatusCode');
    await start(id);
    await talk.until('{"StatusCode":3}');
    talk.socket.destroy();
    expect((await ask(server.socket, `POST /containers/${id}/wait?condition=bogus`)).status).toBe(400);
  });

  test('following logs sends its header when there is nothing yet', async () => {
    const id = await create({ Cmd: ['cat'], OpenStdin: true });
    await start(id);
    const talk = converse(
      server.socket,
      `GET /v1.50/containers/${id}/logs?follow=1&stdout=1 HTTP/1.1\nHost: d\n\n`,
    );
    await talk.until('\r\n\r\n');
    expect(talk.text()).toContain(`Content-Type: ${multiplexed}`);
    talk.socket.destroy();
    const { status, body } = await ask(server.socket, `GET /containers/${id}/logs`);
    expect(status).toBe(400);
    expect(body).toContain('Bad parameters: you must choose at least one stream');
  });

  test('events by version', async () => {
    const now = await ask(server.socket, 'GET /v1.55/events?until=1');
    expect(now.headers.get('content-type')).toBe('application/jsonl');
    expect(now.body).toContain('"timeNano":1700000000123456789}');
    expect(now.body).not.toContain('"status"');
    const old = await ask(server.socket, 'GET /v1.51/events?until=1');
    expect(old.headers.get('content-type')).toBe('application/json');
    expect(JSON.parse(old.body)).toMatchObject({ status: 'start', from: 'busybox', Type: 'container' });
    const sequence = await ask(server.socket, 'GET /events?until=1', {
      header: 'Accept: application/json-seq',
    });
    expect(sequence.body).toStartWith('\x1e{');
    expect((await ask(server.socket, 'GET /events?since=5&until=1')).status).toBe(400);
  });

  test('stats of one sample', async () => {
    const id = await create({ Cmd: ['sleep'] });
    const idle = await ask(server.socket, `GET /containers/${id}/stats?stream=0`);
    expect(JSON.parse(idle.body)).toMatchObject({ memory_stats: {}, read: '0001-01-01T00:00:00Z' });
    await start(id);
    const live = await ask(server.socket, `GET /containers/${id}/stats?stream=0&one-shot=1`);
    expect(JSON.parse(live.body)).toMatchObject({
      memory_stats: { usage: 1048576 },
      cpu_stats: { online_cpus: 2, cpu_usage: { total_usage: 5e6 } },
      precpu_stats: { cpu_usage: { total_usage: 0 } },
    });
  });
});

describe('progress streams', () => {
  test('load takes a body of any size and answers with lines', async () => {
    const before = server.images.received;
    const { body, headers } = await ask(server.socket, 'POST /images/load', {
      header: 'Content-Type: application/x-tar',
      body: 'x'.repeat(3_000_000),
    });
    expect(server.images.received - before).toBe(3_000_000);
    expect(headers.get('content-type')).toBe('application/json');
    expect(body).toBe('{"stream":"Loaded image: busybox:latest\\n"}\r\n');
  });

  test('import', async () => {
    const { body } = await ask(server.socket, 'POST /images/create?fromSrc=-&repo=x', { body: 'tar' });
    expect(body).toStartWith('{"status":"sha256:abab');
  });
});

describe('backpressure', () => {
  test('200 MB to a reader that stops for a while: the daemon keeps little', async () => {
    const id = await create({ Cmd: ['count', '3200'] });
    const talk = post(`/containers/${id}/attach?stream=1&stdout=1`, upgrade);
    await talk.until('\r\n\r\n');
    talk.socket.removeAllListeners('data');
    talk.socket.pause();
    const before = process.memoryUsage.rss();
    await start(id);
    await Bun.sleep(300);
    expect(process.memoryUsage.rss() - before).toBeLessThan(64 * 1024 * 1024);
    let bytes = 0;
    talk.socket.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    talk.socket.resume();
    await talk.ended;
    expect(bytes).toBe(3200 * (65536 + 8));
  });
});
