/** Everything that talks to registries, beside the Docker CLI: output, requests, credentials sent, and what config.json has afterwards. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { command } from '../rig/command.ts';
import { type Answer, asGantry, CannedServer, noOracle, type Seen } from './oracle.ts';

const main = new URL('../../src/main.ts', import.meta.url).pathname;
const programs = { docker: ['docker'], gantry: [process.execPath, main] } as const;

const jsonLines = (...lines: object[]) => lines.map((line) => `${JSON.stringify(line)}\r\n`).join('');
const digest = `sha256:${'a'.repeat(64)}`;

const pulled: Answer = {
  body: jsonLines(
    { status: 'Pulling from library/x', id: 'latest' },
    { status: 'Pulling fs layer', progressDetail: {}, id: 'aaaaaaaaaaaa' },
    { status: 'Downloading', progressDetail: { current: 5, total: 10 }, id: 'aaaaaaaaaaaa' },
    { status: 'Pull complete', progressDetail: {}, id: 'aaaaaaaaaaaa' },
    { status: `Digest: ${digest}` },
    { status: 'Status: Downloaded newer image for x:latest' },
  ),
};
const pushed: Answer = {
  body: jsonLines(
    { status: 'The push refers to repository [docker.io/library/x]' },
    { status: 'Preparing', progressDetail: {}, id: 'aaaaaaaaaaaa' },
    { status: 'Pushed', progressDetail: {}, id: 'aaaaaaaaaaaa' },
    { status: `latest: digest: ${digest} size: 5` },
    { aux: { Tag: 'latest', Digest: digest, Size: 5 } },
  ),
};
const found = [
  { star_count: 3, is_official: false, name: 'a/b', is_automated: true, description: 'x'.repeat(60) },
  { star_count: 30, is_official: true, name: 'busybox', is_automated: false, description: 'a\nb' },
];
const failed = jsonLines({ errorDetail: { message: 'unauthorized: no' }, error: 'unauthorized: no' });
const answers: Record<string, Answer> = {
  'GET /info': { body: { IndexServerAddress: 'https://index.docker.io/v1/' } },
  'POST /images/create': pulled,
  'POST /images/docker.io/library/x/push': pushed,
  'POST /images/reg.example/x/push': { body: failed },
  'GET /images/search': { body: found },
  'POST /auth': { body: { Status: 'Login Succeeded', IdentityToken: '' } },
  'POST /containers/create': { status: 404, body: { message: 'No such image: x' } },
};

/** Answers `get` and `erase` by what the address contains, and keeps what it is given. */
const helper = `#!/bin/sh
input=$(cat)
echo "$1 $input" >> "$HELPER_LOG"
case "$1 $input" in
  *broken*) echo 'the keychain is locked'; exit 1 ;;
  "get none"*) echo 'credentials not found in native keychain'; exit 1 ;;
  "get token"*) echo '{"ServerURL":"x","Username":"<token>","Secret":"refresh"}' ;;
  "get junk"*) echo 'junk' ;;
  get*) echo '{"ServerURL":"x","Username":"helped","Secret":"secret"}' ;;
esac
`;

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'gantry-login-'));
  mkdirSync(join(directory, 'bin'));
  writeFileSync(join(directory, 'bin/docker-credential-test'), helper);
  chmodSync(join(directory, 'bin/docker-credential-test'), 0o755);
});
afterAll(() => rmSync(directory, { recursive: true }));

interface Options {
  /** config.json before. */
  config?: object | string;
  env?: Record<string, string>;
  stdin?: string;
  answers?: Record<string, Answer>;
}

let runs = 0;

async function run(program: keyof typeof programs, argv: string[], options: Options = {}) {
  const home = join(directory, `${program}-${runs++}`);
  mkdirSync(home);
  const path = join(home, 'config.json');
  const { config } = options;
  if (config)
    writeFileSync(path, typeof config === 'string' ? config : JSON.stringify(config), { mode: 0o644 });
  using server = new CannedServer({ ...answers, ...options.answers });
  const log = join(home, 'helper.log');
  const result = await command([...programs[program], ...argv], {
    env: {
      DOCKER_CONFIG: home,
      DOCKER_HOST: server.host,
      PATH: `${directory}/bin:${process.env.PATH}`,
      HELPER_LOG: log,
      ...options.env,
    },
    ...(options.stdin !== undefined && { stdin: options.stdin }),
  });
  const read = (file: string) => (existsSync(file) ? readFileSync(file, 'utf8') : null);
  return {
    code: result.code,
    stdout: result.stdout.replaceAll(home, 'HOME'),
    stderr: result.stderr.replaceAll(home, 'HOME'),
    seen: server.seen.filter((one) => one.path !== '/info').map(sorted),
    config: read(path),
    helper: (read(log) ?? '').split('\n').filter(Boolean),
    home,
  };
}

function sorted(seen: Seen): Seen {
  const [path = '', query = ''] = seen.path.split('?');
  return { ...seen, path: `${path}?${query.split('&').sort().join('&')}`, body: seen.body ?? null };
}

const basic = (text: string) => Buffer.from(text).toString('base64');
const login = ['login', '-u', 'u', '-p', 'secret', 'reg.example'];
const hubAndOne = {
  auths: {
    'https://index.docker.io/v1/': { auth: basic('hub:one') },
    'reg.example': { auth: basic('reg:two:three') },
    'https://old.example/v1/': { auth: basic('old:four') },
    'token.example': { auth: basic('t:'), identitytoken: 'refresh' },
    'bearer.example': { registrytoken: 'bearer' },
  },
};

const same: readonly [argv: string[], options?: Options][] = [
  [['pull', 'x']],
  [['pull', '-q', 'x']],
  [['pull', '-a', 'x']],
  [['pull', '-a', 'x:1']],
  [['pull', 'localhost:5000/a/b:1']],
  [['pull', `x@${digest}`]],
  [['pull', `x:1@${digest}`]],
  [['pull', '--platform', 'linux/arm64', 'x:1']],
  [['pull', 'x'], { env: { DOCKER_DEFAULT_PLATFORM: 'linux/arm/v7' } }],
  [['pull', 'UPPER']],
  [['pull', 'a:b:c']],
  [['pull']],
  [['pull', 'x'], { answers: { 'POST /images/create': { status: 404, body: { message: 'no such' } } } }],
  [['pull', 'x'], { answers: { 'POST /images/create': { body: failed } } }],
  [['image', 'pull', 'x:1']],
  [['push', 'x']],
  [['push', '-q', 'x']],
  [['push', '-a', 'x']],
  [['push', '-a', 'x:1']],
  [['push', '--platform', 'linux/arm/v7', 'x:1']],
  [['push', `x@${digest}`]],
  [['push', 'reg.example/x']],
  [['push', 'missing']],
  [['search', 'x']],
  [['search', '--no-trunc', 'x']],
  [['search', '--limit', '3', '-f', 'is-official=true', '--filter', 'stars=3', 'x']],
  [['search', '--limit', 'many', 'x']],
  [['search', '--format', 'json', 'x']],
  [['search', '--format', '{{.Name}}: {{.StarCount}} {{.IsOfficial}} {{json .}}', 'x']],
  [['search', '--format', 'table {{.Name}}\\t{{.IsOfficial}}', 'x']],
  [['search', '--format', '{{.IsAutomated}}', 'x']],
  [['search']],
  [['search', '--help']],
  [['login', '--help']],
  [['logout', '--help']],
  [['search', 'x'], { config: hubAndOne }],
  ...['x', 'reg.example/x', 'old.example/x', 'token.example/x', 'bearer.example/x', 'other.example/x'].map(
    (image): [string[], Options] => [['pull', image], { config: hubAndOne }],
  ),
  [['push', 'x'], { config: hubAndOne }],
  [['run', '--pull', 'always', 'x'], { config: hubAndOne }],
  [['create', 'reg.example/x:1'], { config: hubAndOne }],
  ...['none.example/x', 'token.example/x', 'some.example/x'].map((image): [string[], Options] => [
    ['pull', image],
    { config: { credsStore: 'test' } },
  ]),
  [['pull', 'some.example/x'], { config: { credHelpers: { 'some.example': 'test' } } }],
  [['pull', 'other.example/x'], { config: { credHelpers: { 'some.example': 'test' } } }],
  [login],
  [['login', '-u', 'u', '-p', 'secret']],
  [['login', '-u', 'u', '-p', 'secret', 'docker.io']],
  [['login', '-u', 'u', '-p', 'secret', 'https://reg.example:5000/v2/']],
  [['login', '-u', 'u', '--password-stdin', 'reg.example'], { stdin: 'from stdin \r\n' }],
  [['login', '--password-stdin'], { stdin: 'x' }],
  [['login', '-u', 'u', '-p', 'x', '--password-stdin'], { stdin: 'x' }],
  [['login']],
  [['login', '-u', 'u', 'reg.example']],
  [['login', 'a', 'b']],
  [login, { config: hubAndOne }],
  [login, { answers: { 'POST /auth': { status: 401, body: { message: 'unauthorized: no' } } } }],
  [login, { answers: { 'POST /auth': { body: { Status: 'Login Succeeded', IdentityToken: 'refresh' } } } }],
  [['login', 'other.example'], { config: hubAndOne }],
  [['login', '-u', 'u', '-p', 's', 'some.example'], { config: { credsStore: 'test' } }],
  [['login', '-u', 'u', '-p', 's', 'broken.example'], { config: { credsStore: 'test' } }],
  [['logout']],
  [['logout', 'reg.example'], { config: hubAndOne }],
  [['logout', 'https://old.example/v1/'], { config: hubAndOne }],
  [['logout'], { config: hubAndOne }],
];

describe.skipIf(noOracle)('as the Docker CLI does it', () => {
  test.concurrent.each(same.map(([argv, options]) => [argv.join(' '), argv, options] as const))(
    '%s',
    async (_, argv, options) => {
      const [docker, gantry] = await Promise.all([
        run('docker', [...argv], options),
        run('gantry', [...argv], options),
      ]);
      expect(gantry.stdout).toBe(asGantry(docker.stdout));
      expect(gantry.stderr).toBe(asGantry(docker.stderr));
      expect(gantry.code).toBe(docker.code);
      const pulls = ({ path }: Seen) => !path.startsWith('/containers/');
      expect(gantry.seen.filter(pulls)).toEqual(docker.seen.filter(pulls));
      expect(JSON.parse(gantry.config ?? '{}')).toEqual(JSON.parse(docker.config ?? '{}'));
    },
  );
});

describe('credentials', () => {
  test('the file is the owner’s alone, and keeps what it does not know, and a link stays one', async () => {
    const { config, home } = await run('gantry', login, { config: { future: { a: [1] }, psFormat: 'x' } });
    expect(JSON.parse(config ?? '')).toEqual({
      future: { a: [1] },
      psFormat: 'x',
      auths: { 'reg.example': { auth: basic('u:secret') } },
    });
    expect(statSync(join(home, 'config.json')).mode & 0o777).toBe(0o600);
    expect([...new Bun.Glob('*').scanSync({ cwd: home, dot: true })]).toEqual(['config.json']);
    const link = join(directory, 'linked');
    mkdirSync(link);
    symlinkSync(join(home, 'config.json'), join(link, 'config.json'));
    const after = await run('gantry', ['logout', 'reg.example'], { env: { DOCKER_CONFIG: link } });
    expect(after.code).toBe(0);
    expect(JSON.parse(readFileSync(join(home, 'config.json'), 'utf8')).auths).toEqual({});
  });

  test.each([
    [
      'the helper fails',
      { credsStore: 'test' },
      'broken.example/x',
      'err: exit status 1, out: `the keychain is locked`',
    ],
    [
      'the helper answers junk',
      { credsStore: 'test' },
      'junk.example/x',
      'its answer is not what the protocol says',
    ],
    [
      'there is no such helper',
      { credsStore: 'gone' },
      'x',
      'exec: "docker-credential-gone": executable file not found in $PATH',
    ],
    ['the helper is a path', { credsStore: '/../bin/sh' }, 'x', 'executable file not found in $PATH'],
    [
      'the file is broken',
      '{"auths":',
      'x',
      'error loading credentials from HOME/config.json: it is not a JSON object',
    ],
    [
      'the entry is broken',
      { auths: { 'reg.example': { auth: '!!' } } },
      'reg.example/x',
      'invalid credentials for reg.example',
    ],
  ])('when %s the registry is not asked', async (_, config, image, message) => {
    for (const argv of [
      ['pull', image],
      ['push', image],
      ['create', '--pull', 'always', image],
    ]) {
      const { code, stderr, seen } = await run('gantry', argv, { config });
      expect(code).not.toBe(0);
      expect(stderr).toContain(message);
      expect(seen).toEqual([]);
    }
  });

  test('a file that cannot be read is not replaced', async () => {
    const { code, config } = await run('gantry', login, { config: '{"auths": oops' });
    expect([code, config]).toEqual([1, '{"auths": oops']);
  });

  test('what a helper keeps is not in the file', async () => {
    const config = { credsStore: 'test', auths: { 'reg.example': { auth: basic('old:plain') } } };
    const after = await run('gantry', login, { config });
    expect(JSON.parse(after.config ?? '')).toEqual({ credsStore: 'test', auths: { 'reg.example': {} } });
    expect(after.helper).toEqual(['store {"ServerURL":"reg.example","Username":"u","Secret":"secret"}']);
    const token = await run('gantry', login, {
      config,
      answers: { 'POST /auth': { body: { Status: 'Login Succeeded', IdentityToken: 'refresh' } } },
    });
    expect(token.helper).toEqual([
      'store {"ServerURL":"reg.example","Username":"<token>","Secret":"refresh"}',
    ]);
  });

  test('a failing helper stores nothing anywhere', async () => {
    const config = { credsStore: 'test' };
    const { code, config: after } = await run('gantry', ['login', '-u', 'u', '-p', 's', 'broken.example'], {
      config,
    });
    expect([code, JSON.parse(after ?? '')]).toEqual([1, config]);
  });

  test('logout tells when nothing could be erased', async () => {
    const { code, stderr, helper } = await run('gantry', ['logout', 'broken.example'], {
      config: { credsStore: 'test' },
    });
    expect(code).toBe(1);
    expect(stderr).toContain(
      'WARNING: could not erase credentials:\nbroken.example: error erasing credentials',
    );
    expect(helper).toEqual([
      'erase broken.example',
      'erase http://broken.example',
      'erase https://broken.example',
    ]);
  });

  test('Docker Hub has several names', async () => {
    for (const name of ['docker.io', 'https://index.docker.io/v1/']) {
      const { stdout, config } = await run('gantry', ['logout', name], { config: hubAndOne });
      expect(stdout).toBe('Removing login credentials for https://index.docker.io/v1/\n');
      expect(Object.keys(JSON.parse(config ?? '').auths)).not.toContain('https://index.docker.io/v1/');
    }
  });

  test('stored ones are tried first', async () => {
    const tried = await run('gantry', ['login', 'reg.example'], { config: hubAndOne });
    expect(tried.seen[0]?.body).toEqual({
      username: 'reg',
      password: 'two:three',
      serveraddress: 'reg.example',
    });
    expect(tried.stdout).toBe('Login Succeeded\n');
    expect(tried.stderr).toContain('Authenticating with existing credentials... [Username: reg]\n');
    expect(JSON.parse(tried.config ?? '')).toEqual(hubAndOne);
    const refused = await run('gantry', ['login', 'reg.example'], {
      config: hubAndOne,
      answers: { 'POST /auth': { status: 401, body: { message: 'no' } } },
    });
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('Stored credentials invalid or expired\n');
  });

  test.each(['GANTRY_AUTH_CONFIG', 'DOCKER_AUTH_CONFIG'])('%s goes before the file', async (name) => {
    const env = { [name]: JSON.stringify({ auths: { 'reg.example': { auth: basic('e:env') } } }) };
    const sent = async (image: string) =>
      (await run('gantry', ['pull', image], { config: hubAndOne, env })).seen[0]?.auth;
    expect(await sent('reg.example/x')).toEqual({
      username: 'e',
      password: 'env',
      serveraddress: 'reg.example',
    });
    expect(await sent('old.example/x')).toMatchObject({ username: 'old' });
    const broken = await run('gantry', ['pull', 'x'], { env: { [name]: 'junk' } });
    expect([broken.code, broken.seen]).toEqual([1, []]);
    expect(broken.stderr).toBe(`error loading credentials from ${name}: it is not a JSON object\n`);
    expect((await run('gantry', ['logout'], { env })).stderr).toContain(`WARNING: ${name} is set`);
  });

  test('run of an image that is here reads none', async () => {
    const { helper, seen } = await run('gantry', ['create', 'x'], {
      config: { credsStore: 'test' },
      answers: { 'POST /containers/create': { status: 201, body: { Id: 'abc', Warnings: [] } } },
    });
    expect([helper, seen.map(({ auth }) => auth)]).toEqual([[], [null]]);
  });
});

describe('manifest inspect', () => {
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const one = '{"schemaVersion":2,"layers":[]}';
  const list = JSON.stringify({
    schemaVersion: 2,
    manifests: [{ mediaType, digest, size: one.length, platform: { architecture: 'arm64', os: 'linux' } }],
  });
  const registry: Record<string, Answer> = {
    'GET /gantry/manifests/docker.io/library/x:latest': { body: one, type: mediaType },
    'GET /gantry/manifests/docker.io/library/list:1': {
      body: list,
      type: 'application/vnd.oci.image.index.v1+json',
    },
    [`GET /gantry/manifests/docker.io/library/list@${digest}`]: { body: one, type: mediaType },
    'GET /distribution/docker.io/library/x:latest/json': {
      body: { Descriptor: {}, Platforms: [{ architecture: 'amd64', os: 'linux' }] },
    },
  };
  const inspect = (...argv: string[]) =>
    run('gantry', ['manifest', 'inspect', ...argv], { answers: registry, config: hubAndOne });

  test('prints the document', async () => {
    const { stdout, seen } = await inspect('x');
    expect(stdout).toBe('{\n\t"schemaVersion": 2,\n\t"layers": []\n}\n');
    expect(seen[0]?.auth).toMatchObject({ username: 'hub' });
    expect((await inspect('list:1')).stdout).toStartWith(
      '{\n   "schemaVersion": 2,\n   "manifests": [\n      {\n',
    );
  });

  test('-v describes it, and each of an index', async () => {
    const described = (reference: string, architecture: string) => ({
      Ref: reference,
      Descriptor: { mediaType, digest: '', size: one.length, platform: { architecture, os: 'linux' } },
      Raw: basic(one),
      OCIManifest: JSON.parse(one),
    });
    expect(JSON.parse((await inspect('-v', 'x')).stdout)).toEqual(
      described('docker.io/library/x:latest', 'amd64'),
    );
    expect(JSON.parse((await inspect('-v', 'list:1')).stdout)).toEqual([
      described(`docker.io/library/list@${digest}`, 'arm64'),
    ]);
  });

  test('errors and what has no meaning here', async () => {
    expect((await run('gantry', ['manifest', 'create', 'x'])).stderr).toBe(
      "gantry: 'manifest create' is not part of this version yet\n",
    );
    expect(await inspect('missing')).toMatchObject({
      code: 1,
      stderr: 'Error response from daemon: No such object\n',
    });
    expect(await inspect('list', 'x')).toMatchObject({ code: 1, stderr: 'No such manifest: x\n' });
    expect((await inspect('--insecure', 'x')).stderr).toContain('insecure-registries');
  });
});
