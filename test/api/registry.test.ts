/** The endpoints that ask registries, and import from a URL. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { digest, manifestBytes } from './fake-distribution.ts';
import { type Fixture, startServer } from './fixtures.ts';
import { ask } from './raw.ts';

let server: Fixture;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server[Symbol.asyncDispose]());
beforeEach(() => {
  const { pulls, pushes, searches, logins } = server.distribution;
  for (const list of [pulls, pushes, searches, logins]) list.length = 0;
});

const authHeader = (auth: object) =>
  `X-Registry-Auth: ${Buffer.from(JSON.stringify(auth)).toString('base64url')}`;
const json = 'Content-Type: application/json';
const user = { username: 'u', password: 'p' };
const basic = { kind: 'basic', ...user } as const;

async function refusal(line: string, options?: { header?: string; body?: string }) {
  const { status, body } = await ask(server.socket, line, options);
  return [status, (JSON.parse(body) as { message: string }).message] as const;
}

const lines = (body: string) =>
  body
    .trim()
    .split('\r\n')
    .map((line) => JSON.parse(line) as unknown);

describe('pull', () => {
  const sha = `sha256:${'a'.repeat(64)}`;
  test.each([
    ['fromImage=x&tag=latest', 'x:latest', false],
    ['fromImage=docker.io%2Flibrary%2Fx&tag=1', 'x:1', false],
    ['fromImage=x', 'x', true],
    ['fromImage=x&tag=', 'x', true],
    ['fromImage=x:1', 'x:1', false],
    ['fromImage=x:1&tag=2', 'x:2', false],
    [`fromImage=x&tag=${sha}`, `x@${sha}`, false],
    [`fromImage=x@${sha}&tag=2`, `x@${sha}`, false],
    ['fromImage=localhost:5000/a/b&tag=2', 'localhost:5000/a/b:2', false],
  ])('%s', async (query, reference, allTags) => {
    const { status, body } = await ask(server.socket, `POST /images/create?${query}`);
    expect(status).toBe(200);
    expect(lines(body)).toContainEqual({
      status: 'Downloading',
      progressDetail: { current: 500, total: 1000 },
      id: 'aaaaaaaaaaaa',
    });
    expect(lines(body)).toContainEqual({
      status: 'Pulling fs layer',
      progressDetail: {},
      id: 'aaaaaaaaaaaa',
    });
    expect(server.distribution.pulls).toMatchObject([{ reference, options: { allTags, platform: '' } }]);
  });

  test('with platform and credentials', async () => {
    const query = 'fromImage=reg.example/x&tag=1&platform=linux/arm64';
    const pull = (auth: object) =>
      ask(server.socket, `POST /images/create?${query}`, { header: authHeader(auth) });
    await pull(user);
    await pull({ ...user, serveraddress: 'other.example' });
    expect(server.distribution.pulls.map(({ options }) => options)).toEqual([
      { allTags: false, platform: 'linux/arm64', credentials: basic },
      { allTags: false, platform: 'linux/arm64', credentials: { kind: 'anonymous' } },
    ]);
  });

  test('fails with a status before the stream began, and in it afterwards', async () => {
    expect(await refusal('POST /images/create?fromImage=missing&tag=1')).toEqual([
      404,
      'manifest for missing:1 not found: manifest unknown',
    ]);
    expect(await refusal('POST /images/create?fromImage=UPPER&tag=1')).toEqual([
      400,
      'invalid reference format: repository name (library/UPPER) must be lowercase',
    ]);
    const { status, body } = await ask(server.socket, 'POST /images/create?fromImage=broken&tag=1');
    expect(status).toBe(200);
    const message = 'Get "https://reg.example/v2/": unauthorized: authentication required';
    expect(lines(body).at(-1)).toEqual({ errorDetail: { message }, error: message });
  });
});

describe('push', () => {
  const push = (path: string, auth: object = {}) =>
    ask(server.socket, `POST /images/${path}`, { header: authHeader(auth) });

  test.each([
    ['x/push?tag=1', 'x:1', false],
    ['x/push', 'x', true],
    ['x:1/push', 'x:1', false],
    ['localhost:5000/a/b:1/push?tag=2', 'localhost:5000/a/b:2', false],
  ])('%s', async (path, reference, allTags) => {
    const { status, body } = await push(path);
    expect(status).toBe(200);
    expect(lines(body).at(-1)).toEqual({
      aux: { Tag: 'latest', Digest: digest, Size: manifestBytes.length },
    });
    expect(server.distribution.pushes).toMatchObject([{ reference, options: { allTags } }]);
  });

  test('platform as JSON, credentials from the header or, as once, from the body', async () => {
    const platform = encodeURIComponent('{"os":"linux","architecture":"arm","variant":"v7"}');
    await push(`x/push?tag=1&platform=${platform}`, user);
    await ask(server.socket, 'POST /images/x/push?tag=1', { header: json, body: JSON.stringify(user) });
    expect(server.distribution.pushes.map(({ options }) => options)).toEqual([
      { allTags: false, platform: 'linux/arm/v7', credentials: basic },
      { allTags: false, platform: '', credentials: basic },
    ]);
  });

  test('is refused', async () => {
    const start = 'bad parameters and missing X-Registry-Auth: invalid X-Registry-Auth header: ';
    expect(await refusal('POST /images/x/push?tag=1')).toEqual([400, `${start}EOF`]);
    const [status, message] = await refusal('POST /images/x/push?tag=1', { header: json, body: 'junk' });
    expect(status).toBe(400);
    expect(message).toStartWith(`${start}invalid JSON: `);
    const header = authHeader({});
    expect(await refusal(`POST /images/x@sha256:${'a'.repeat(64)}/push`, { header })).toEqual([
      400,
      'cannot push a digest reference',
    ]);
    expect(await refusal('POST /images/missing/push?tag=1', { header })).toEqual([
      404,
      'An image does not exist locally with the tag: missing:1',
    ]);
    expect(lines((await push('broken/push?tag=1')).body).at(-1)).toHaveProperty('error');
  });
});

describe('search', () => {
  test('in Docker’s JSON', async () => {
    const { status, body } = await ask(server.socket, 'GET /images/search?term=busy');
    expect(status).toBe(200);
    expect(JSON.parse(body)).toEqual([
      {
        star_count: 30,
        is_official: true,
        name: 'busybox',
        is_automated: false,
        description: 'Busybox base image.',
      },
    ]);
    expect(server.distribution.searches).toEqual([
      {
        term: 'busy',
        limit: 25,
        filters: { official: null, automated: null, stars: 0 },
        credentials: { kind: 'anonymous' },
      },
    ]);
  });

  test('limit and filters', async () => {
    const filters = encodeURIComponent('{"is-official":["true"],"is-automated":["0"],"stars":["3","10"]}');
    const header = authHeader({ ...user, serveraddress: 'reg.example' });
    await ask(server.socket, `GET /images/search?term=reg.example/x&limit=7&filters=${filters}`, { header });
    expect(server.distribution.searches).toEqual([
      {
        term: 'reg.example/x',
        limit: 7,
        filters: { official: true, automated: false, stars: 10 },
        credentials: basic,
      },
    ]);
    await ask(server.socket, 'GET /images/search?term=x', { header });
    expect(server.distribution.searches.at(-1)?.credentials).toEqual({ kind: 'anonymous' });
  });

  test.each([
    ['', 'invalid search term: it is empty'],
    ['term=', 'invalid search term: it is empty'],
    ['term=x&limit=101', 'limit 101 is outside the range of [1, 100]'],
    ['term=x&limit=-1', 'limit -1 is outside the range of [1, 100]'],
    ['term=x&limit=ten', 'invalid limit specified: strconv.Atoi: parsing "ten": invalid syntax'],
    ['term=x&filters={"nope":["1"]}', "invalid filter 'nope'"],
    ['term=x&filters={"stars":["many"]}', "invalid filter 'stars=[many]'"],
    ['term=x&filters={"is-official":["maybe"]}', "invalid filter 'is-official=[maybe]'"],
  ])('%s -> 400', async (query, message) =>
    expect(await refusal(`GET /images/search?${query}`)).toEqual([400, message]),
  );
});

describe('login', () => {
  const post = (auth: object) =>
    ask(server.socket, 'POST /auth', { header: json, body: JSON.stringify(auth) });

  test('answers with the status and the token', async () => {
    expect(JSON.parse((await post(user)).body)).toEqual({ Status: 'Login Succeeded', IdentityToken: '' });
    const token = await post({ ...user, password: 'token', serveraddress: 'https://reg.example/v1/' });
    expect(JSON.parse(token.body)).toEqual({ Status: 'Login Succeeded', IdentityToken: 'refresh' });
    await post({ ...user, serveraddress: 'https://index.docker.io/v1/' });
    expect(server.distribution.logins.map(({ address }) => address)).toEqual(['', 'reg.example', '']);
  });

  test('is refused', async () => {
    expect((await post({ ...user, password: 'wrong' })).status).toBe(401);
    expect((await post({ username: 7 })).status).toBe(400);
    expect(await refusal('POST /auth')).toEqual([400, 'invalid JSON: got EOF while reading request body']);
  });
});

describe('what a registry has', () => {
  test('the descriptor and the platforms', async () => {
    const { body } = await ask(server.socket, 'GET /distribution/reg.example/a/b:1/json');
    expect(JSON.parse(body)).toEqual({
      Descriptor: {
        mediaType: 'application/vnd.oci.image.manifest.v1+json',
        digest,
        size: manifestBytes.length,
      },
      Platforms: [{ architecture: 'amd64', os: 'linux' }],
    });
  });

  test('the manifest as it is', async () => {
    const { headers, body } = await ask(server.socket, 'GET /gantry/manifests/reg.example/a/b:1');
    expect(body).toBe(manifestBytes.toString());
    expect(headers.get('content-type')).toBe('application/vnd.oci.image.manifest.v1+json');
    expect(headers.get('docker-content-digest')).toBe(digest);
  });

  test.each(['/distribution/NAME/json', '/gantry/manifests/NAME'])('%s: what cannot be', async (path) => {
    const get = (name: string) => refusal(`GET ${path.replace('NAME', name)}`);
    expect(await get('missing')).toEqual([404, 'manifest for missing not found: manifest unknown']);
    expect((await get('A:B:C'))[0]).toBe(400);
    expect(await get('a'.repeat(64))).toEqual([400, 'no manifest found for full image ID']);
  });
});

test('/info tells the settings', async () => {
  const { body } = await ask(server.socket, 'GET /info');
  expect((JSON.parse(body) as { RegistryConfig: object }).RegistryConfig).toEqual({
    InsecureRegistryCIDRs: ['10.0.0.0/8', '::1/128', '127.0.0.0/8'],
    IndexConfigs: {
      'reg.example:5000': { Name: 'reg.example:5000', Mirrors: [], Secure: false, Official: false },
      'docker.io': { Name: 'docker.io', Mirrors: ['https://mirror.example/'], Secure: true, Official: true },
    },
    Mirrors: ['https://mirror.example/'],
  });
});

describe('images of this host', () => {
  test('one platform each', async () => {
    expect((await ask(server.socket, 'GET /images/busybox/json?platform=linux/amd64')).status).toBe(200);
    expect(await refusal('GET /images/busybox/json?platform=linux/arm64')).toEqual([
      404,
      'image with reference busybox was found but does not provide the specified platform (linux/arm64)',
    ]);
    expect((await refusal('GET /images/busybox/json?platform=linux/amd64&manifests=1'))[0]).toBe(400);
  });

  test('`filter` is a pattern of names in old versions', async () => {
    const count = async (path: string) =>
      (JSON.parse((await ask(server.socket, `GET ${path}`)).body) as unknown[]).length;
    expect(await count('/v1.40/images/json?filter=debian')).toBe(0);
    expect(await count('/v1.40/images/json?filter=busy*')).toBe(1);
    expect(await count('/v1.41/images/json?filter=debian')).toBe(1);
    expect(await count('/images/json?all=1&shared-size=1&digests=1&manifests=1')).toBe(1);
  });
});

describe('import from a URL', () => {
  const archive = new Uint8Array(1_200_000).fill(7);
  const files = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch(request) {
      const { pathname, searchParams } = new URL(request.url);
      const left = Number(searchParams.get('left') ?? 0);
      if (left > 0) return Response.redirect(`/hop?left=${left - 1}`, 302);
      if (pathname === '/out') return Response.redirect('file:///etc/passwd', 302);
      if (pathname === '/none')
        return new Response('no such file\n', { status: 404, statusText: 'Not Found' });
      return new Response(archive);
    },
  });
  const base = `127.0.0.1:${files.port}`;
  afterAll(() => files.stop(true));
  const post = (source: string) =>
    ask(
      server.socket,
      `POST /images/create?fromSrc=${encodeURIComponent(source)}&repo=x&tag=1&changes=CMD+sh`,
    );

  test.each([`http://${base}/rootfs.tar`, `${base}/rootfs.tar`, `http://${base}/hop?left=10`])(
    '%s',
    async (source) => {
      const before = server.images.received;
      const { status, body } = await post(source);
      expect(status).toBe(200);
      expect(server.images.received - before).toBe(archive.length);
      const url = source.startsWith('http') ? source : `http://${source}`;
      const told = lines(body);
      expect(told[0]).toEqual({ status: `Downloading from ${url}` });
      expect(told).toContainEqual({
        status: 'Importing',
        progressDetail: { current: archive.length, total: archive.length },
      });
      expect(told.at(-1)).toEqual({ status: expect.stringContaining('sha256:') });
      expect(server.images.imported).toEqual({
        name: 'x:1',
        message: `Imported from ${url}`,
        changes: ['CMD sh'],
        platform: '',
      });
    },
  );

  test.each([
    [`http://${base}/none`, 404, `failed to GET http://${base}/none with status 404 Not Found: no such file`],
    [`http://${base}/hop?left=11`, 500, `Get "http://${base}/hop?left=11": stopped after 10 redirects`],
    [`http://${base}/out`, 400, 'Get "file:///etc/passwd": unsupported protocol scheme "file"'],
    ['file:///etc/passwd', 400, 'parse "file:///etc/passwd": invalid URL'],
    ['http://', 400, 'parse "http://": invalid URL'],
    ['ftp://h/x', 400, 'Get "ftp://h/x": unsupported protocol scheme "ftp"'],
  ])('%s is refused', async (source, status, message) => {
    const answer = await post(source);
    expect([answer.status, JSON.parse(answer.body)]).toEqual([status, { message }]);
  });

  test('a password in the URL is neither shown nor kept', async () => {
    const { status, body } = await post(`http://me:secret@${base}/x`);
    expect(status).toBe(200);
    expect(body).not.toContain('secret');
    expect(server.images.imported?.message).toBe(`Imported from http://me:xxxxx@${base}/x`);
    expect((await post(`http://me:secret@${base}/none`)).body).not.toContain('secret');
  });

  test('an import that fails lets go of the server', async () => {
    let gone = () => {};
    const left = new Promise<void>((resolve) => {
      gone = resolve;
    });
    const endless = Bun.serve({
      port: 0,
      hostname: '127.0.0.1',
      fetch: () =>
        new Response(
          new ReadableStream({ pull: (controller) => controller.enqueue(archive), cancel: () => gone() }),
        ),
    });
    const path = `POST /images/create?fromSrc=127.0.0.1:${endless.port}/x&repo=refused`;
    const { body } = await ask(server.socket, path);
    expect(lines(body).at(-1)).toMatchObject({ error: 'refused: this name is taken' });
    await left;
    await endless.stop(true);
  });

  test('a server that does not answer', async () => {
    const { status, body } = await post('http://127.0.0.1:1/x');
    expect(status).toBe(500);
    expect(body).toContain('Get \\"http://127.0.0.1:1/x\\": ');
  });
});
