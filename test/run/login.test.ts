/** Registries that want to know who asks, and registries with TLS, through both command lines. */
import { expect, test } from 'bun:test';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { patience, type Result } from '../rig/command.ts';
import { type Cli, isGantry, TestEngine } from '../rig/engine.ts';
import { LocalRegistry } from '../rig/registry.ts';
import { suite } from '../rig/suite.ts';

const { each, once } = suite();
const user = { username: 'ann', password: 'pa55:word' };

/** A home for a command line's config.json. */
function home(): Disposable & { path: string } {
  const path = mkdtempSync(join(tmpdir(), 'gh-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** Runs with that home; a login's password goes through standard input. */
const runner =
  (cli: Cli, engine: TestEngine, directory: string) =>
  (args: string[], stdin?: string): Promise<Result> =>
    engine.run(cli, args, { env: { DOCKER_CONFIG: directory }, ...(stdin !== undefined && { stdin }) });

const auths = (directory: string): Record<string, object> =>
  JSON.parse(readFileSync(join(directory, 'config.json'), 'utf8')).auths;

each('login, push, pull, logout: a registry with Basic authentication', async (cli, engine) => {
  await using registry = await LocalRegistry.start(engine, { auth: { kind: 'basic', ...user } });
  using config = home();
  const run = runner(cli, engine, config.path);
  const name = `${registry.host}/private/${cli}:1`;
  await engine.ok(cli, 'tag', 'busybox', name);
  const refused = await run(['push', name]);
  expect([refused.code, refused.stdout + refused.stderr]).toEqual([
    1,
    expect.stringContaining('no basic auth credentials'),
  ]);
  const login = (password: string) =>
    run(['login', '-u', user.username, '--password-stdin', registry.host], password);
  const wrong = await login('wrong');
  expect(wrong.code).toBe(1);
  expect(wrong.stderr).toMatch(/401 Unauthorized|unauthorized|incorrect username or password/);
  expect(wrong.stderr).not.toContain('wrong:');
  const right = await login(user.password);
  expect([right.code, right.stdout]).toEqual([0, expect.stringContaining('Login Succeeded')]);
  expect(Object.keys(auths(config.path))).toEqual([registry.host]);
  expect((await run(['push', name])).code).toBe(0);
  await engine.ok(cli, 'rmi', name);
  expect((await run(['pull', '-q', name])).stdout.trim()).toBe(name);
  await engine.ok(cli, 'rmi', name);
  const made = await run(['run', '--rm', name, 'echo', 'pulled with credentials']);
  expect(made.stdout.trim()).toBe('pulled with credentials');
  await engine.ok(cli, 'rmi', name);
  expect((await run(['logout', registry.host])).stdout).toContain('Removing login credentials');
  const out = await run(['pull', name]);
  expect([out.code, out.stderr]).toEqual([1, expect.stringContaining('no basic auth credentials')]);
});

// Docker's own command line warns and goes on without.
once('nobody is asked without the credentials that a broken helper keeps', async (engine) => {
  if (!isGantry) return expect(isGantry).toBe(false);
  await using registry = await LocalRegistry.start(engine);
  using config = home();
  await Bun.write(join(config.path, 'config.json'), JSON.stringify({ credsStore: 'not-installed' }));
  await engine.ok('gantry', 'tag', 'busybox', `${registry.host}/open:1`);
  const pushed = await runner('gantry', engine, config.path)(['push', `${registry.host}/open:1`]);
  await engine.ok('gantry', 'rmi', `${registry.host}/open:1`);
  expect(pushed.code).toBe(1);
  expect(pushed.stderr).toContain('docker-credential-not-installed');
});

test(
  'TLS: an authority of one registry, a client certificate, mirrors',
  async () => {
    if (!isGantry) return expect(isGantry).toBe(false);
    const certs = mkdtempSync(join(tmpdir(), 'gc-'));
    await using engine = await TestEngine.start({ flags: ['--registry-certs', certs] });
    const { busybox } = await import('../rig/images.ts');
    await busybox(engine);
    for (const clients of [false, true]) {
      await using registry = await LocalRegistry.start(engine, { tls: { clients }, certsDir: certs });
      // The certificate is for the address as well; the name would be taken without verification.
      const host = registry.host.replace('localhost', '127.0.0.1');
      await engine.ok('docker', 'tag', 'busybox', `${host}/secure/app:1`);
      expect(await engine.ok('gantry', 'push', `${host}/secure/app:1`)).toContain('1: digest: sha256:');
      await engine.ok('docker', 'rmi', `${host}/secure/app:1`);
      expect(await engine.ok('docker', 'pull', '-q', `${host}/secure/app:1`)).toBe(`${host}/secure/app:1`);
      await engine.ok('docker', 'rmi', `${host}/secure/app:1`);
    }
    // A mirror that has what its registry's name does not lead to.
    await using registry = await LocalRegistry.start(engine);
    await engine.ok('docker', 'tag', 'busybox', `${registry.host}/mirrored/team/app:1`);
    await engine.ok('docker', 'push', `${registry.host}/mirrored/team/app:1`);
    mkdirSync(join(certs, 'registry.example'));
    await Bun.write(
      join(certs, 'registry.example', 'hosts.toml'),
      `[host."http://${registry.host}/v2/mirrored"]\ncapabilities = ["pull", "resolve"]\noverride_path = true\n`,
    );
    const pulled = await engine.ok('docker', 'pull', 'registry.example/team/app:1');
    expect(pulled).toContain('Status: Downloaded newer image for registry.example/team/app:1');
    rmSync(certs, { recursive: true });
  },
  patience(120_000),
);

each(
  'search asks the catalogue of a registry that has no index',
  async (cli, engine) => {
    await using registry = await LocalRegistry.start(engine);
    const name = `${registry.host}/found/me-${cli}:1`;
    await engine.ok(cli, 'tag', 'busybox', name);
    await engine.ok(cli, 'push', name);
    await engine.ok(cli, 'rmi', name);
    const found = await engine.ok(cli, 'search', '--format', '{{.Name}}', `${registry.host}/me-`);
    expect(found).toContain(`found/me-${cli}`);
  },
  'Docker knows the old search of Docker Hub alone',
);

// Docker's own asks the registry itself, from the network of whoever runs it.
once('manifest inspect shows what the registry has', async (engine) => {
  if (!isGantry) return expect(isGantry).toBe(false);
  await using registry = await LocalRegistry.start(engine);
  const name = `${registry.host}/shown:1`;
  await engine.ok('gantry', 'tag', 'busybox', name);
  await engine.ok('gantry', 'push', name);
  await engine.ok('gantry', 'rmi', name);
  const shown = JSON.parse(await engine.ok('gantry', 'manifest', 'inspect', name));
  expect(shown).toEqual(JSON.parse(await registry.manifest('shown:1')));
});
