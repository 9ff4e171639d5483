/** The protocol's surface: versions, headers, errors, bodies. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { type Fixture, startServer } from './fixtures.ts';
import { ask, converse } from './raw.ts';

let server: Fixture;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server[Symbol.asyncDispose]());

const json = 'Content-Type: application/json';
const message = async (line: string, options?: { header?: string; body?: string }) => {
  const { status, body } = await ask(server.socket, line, options);
  return [status, (JSON.parse(body) as { message: string }).message] as const;
};

describe('ping and versions', () => {
  test('GET /_ping has the headers that clients negotiate with', async () => {
    const { status, headers, body } = await ask(server.socket, 'GET /_ping');
    expect(status).toBe(200);
    expect(body).toBe('OK');
    expect(headers.get('api-version')).toBe('1.55');
    expect(headers.get('builder-version')).toBe('1');
    expect(headers.get('ostype')).toBe('linux');
    expect(headers.get('docker-experimental')).toBe('false');
    expect(headers.get('swarm')).toBe('inactive');
    expect(headers.get('server')).toMatch(/^Docker\/\d+\.\d+\.\d+ \(linux\)$/);
    expect(headers.get('cache-control')).toBe('no-cache, no-store, must-revalidate');
  });

  test('HEAD /_ping has no body', async () => {
    const { status, headers, body } = await ask(server.socket, 'HEAD /_ping');
    expect([status, headers.get('content-length'), body]).toEqual([200, '0', '']);
  });

  test.each([
    ['/v1.22/_ping', 200],
    ['/v1.55/_ping', 200],
    ['/v1.21/_ping', 400],
    ['/v1.56/_ping', 400],
    ['/v2.0/_ping', 400],
    ['/v0.9/_ping', 400],
    ['/version', 200],
  ])('GET %s -> %d', async (path, status) => {
    expect((await ask(server.socket, `GET ${path}`)).status).toBe(status);
  });

  test('too old and too new have Docker texts', async () => {
    expect(await message('GET /v1.12/info')).toEqual([
      400,
      'client version 1.12 is too old. Minimum supported API version is 1.22, please upgrade your client to a newer version',
    ]);
    expect(await message('GET /v1.99/info')).toEqual([
      400,
      'client version 1.99 is too new. Maximum supported API version is 1.55',
    ]);
  });

  test('an unknown path and a wrong method are both not found', async () => {
    expect(await message('GET /nothing')).toEqual([404, 'page not found']);
    expect(await message('POST /v1.44/info')).toEqual([404, 'page not found']);
    expect((await ask(server.socket, 'OPTIONS /containers/json')).status).toBe(200);
  });

  test('one connection serves many requests', async () => {
    const request = 'GET /_ping HTTP/1.1\nHost: d\n\n';
    const talk = converse(server.socket, request + request);
    while (talk.text().split('OK').length < 4) await Bun.sleep(1);
    talk.socket.destroy();
  });

  test('an Upgrade that is not understood is ignored', async () => {
    const { status, body } = await ask(server.socket, 'GET /_ping', {
      header: 'Connection: Upgrade\nUpgrade: h2c',
    });
    expect([status, body]).toEqual([200, 'OK']);
  });

  test('garbage gets 400 and the connection closed', async () => {
    const talk = converse(server.socket, 'garbage\n\n');
    await talk.ended;
    expect(talk.text()).toStartWith('HTTP/1.1 400');
  });
});

describe('bodies', () => {
  const create = 'POST /v1.50/containers/create';
  test.each<[string, { header?: string; body?: string }, string]>([
    [
      'wrong type',
      { header: 'Content-Type: text/plain', body: '{}' },
      "unsupported Content-Type header (text/plain): must be 'application/json'",
    ],
    ['no type', { body: '{}' }, 'malformed Content-Type header (): mime: no media type'],
    ['no body', { header: json }, 'invalid JSON: got EOF while reading request body'],
    [
      'garbage',
      { header: json, body: 'hello' },
      "invalid JSON: invalid character 'h' looking for beginning of value",
    ],
    ['cut short', { header: json, body: '{"Image":' }, 'invalid JSON: unexpected EOF'],
    ['trailing', { header: json, body: '{"Image":"busybox"} {}' }, 'unexpected content after JSON'],
    [
      'wrong field',
      { header: json, body: '{"Image":"busybox","HostConfig":{"Memory":"1g"}}' },
      'invalid JSON: json: cannot unmarshal string into Go struct field CreateRequest.HostConfig.Memory of type int64',
    ],
    [
      'huge',
      { header: json, body: `{"Image":"${'x'.repeat(5 * 1024 * 1024)}"}` },
      'invalid JSON: http: request body too large',
    ],
  ])('%s', async (_name, options, text) => {
    expect(await message(create, options)).toEqual([400, text]);
  });

  test('a chunked body, any case of keys, unknown fields', async () => {
    const body = '{"image":"busybox","cmd":"true","Nonsense":{"a":1}}';
    const talk = converse(
      server.socket,
      `${create} HTTP/1.1\nHost: d\nConnection: close\n${json}\nTransfer-Encoding: chunked\n\n`,
    );
    talk.socket.write(`${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`);
    await talk.ended;
    expect(talk.text()).toStartWith('HTTP/1.1 201');
  });

  test('start with a body is refused', async () => {
    expect(await message('POST /containers/x/start', { header: json, body: '{"Binds":["/:/x"]}' })).toEqual([
      400,
      'starting container with non-empty request body was deprecated since API v1.22 and removed in v1.24',
    ]);
  });
});

describe('filters', () => {
  const list = async (filters: string) =>
    ask(server.socket, `GET /containers/json?all=1&filters=${encodeURIComponent(filters)}`);
  test('both encodings', async () => {
    expect((await list('{"label":["nobody=has"]}')).body.trim()).toBe('[]');
    expect((await list('{"label":{"nobody=has":true}}')).body.trim()).toBe('[]');
  });
  test.each([
    ['{"nope":["x"]}', "invalid filter 'nope'"],
    ['[]', 'invalid filter'],
    ['{"status":["bogus"]}', "invalid filter 'status=[bogus]'"],
    ['{"since":["ghost"]}', 'No such container: ghost'],
  ])('%s -> %s', async (filters, text) => {
    expect((JSON.parse((await list(filters)).body) as { message: string }).message).toBe(text);
  });
});

describe('parts of Docker that are not here', () => {
  test('plugins are none, swarm is inactive, later things say so', async () => {
    expect((await ask(server.socket, 'GET /plugins')).body.trim()).toBe('[]');
    expect((await message('GET /swarm'))[0]).toBe(503);
    expect((await message('GET /nodes'))[1]).toStartWith(
      'This node is not a swarm manager. Use "docker swarm',
    );
    expect(await message('POST /session')).toEqual([
      501,
      'BuildKit is not supported yet by this version of gantry',
    ]);
  });
});
