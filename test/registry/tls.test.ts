import { describe, expect, test } from 'bun:test';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RegistryOptions } from '../../src/registry/client/model.ts';
import { systemClock } from '../../src/registry/client/retries.ts';
import { anonymous, never, pushImage, registries } from './content.ts';
import { FaultProxy } from './fault-proxy.ts';
import { NamedHosts } from './named-hosts.ts';
import { startRegistry } from './rig.ts';

/** A certs.d for one test. */
function certsDirectory(): { path: string } & Disposable {
  const path = mkdtempSync('/var/tmp/gantry-certs-');
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

async function asked(
  domain: string,
  options: Partial<RegistryOptions> = {},
  environment = {},
): Promise<unknown> {
  const repository = registries({ attempts: 1, ...options }, { environment }).repository(
    { domain, path: 'image' },
    { credentials: anonymous, actions: 'pull' },
  );
  return repository.resolve('latest', never).catch((error: Error) => error.message);
}

describe('TLS', () => {
  test('is asked for first, and not verified on loopback', async () => {
    await using registry = await startRegistry({ tls: { clients: false } });
    expect(await asked(registry.host)).toBeNull();
  });

  test('verifies others, against the authority in certs.d, through a proxy as well', async () => {
    using certs = certsDirectory();
    await using named = await NamedHosts.start();
    await using registry = await startRegistry({ tls: { clients: false }, certsDir: certs.path });
    const port = registry.host.split(':')[1];
    const ask = (domain: string, options: Partial<RegistryOptions> = {}) =>
      asked(domain, options, named.environment);
    const failed = 'tls: failed to verify certificate: x509: certificate';
    const trusted = `ca = "../${registry.host}/ca.crt"\n`;
    for (const name of ['registry.example', 'other.example'])
      hosts(trusted).at(certs.path, `${name}:${port}`);
    const domain = `registry.example:${port}`;
    expect(await ask(domain)).toBe(
      `Head "https://${domain}/v2/image/manifests/latest": ${failed} signed by unknown authority`,
    );
    expect(await ask(domain, { certificates: [certs.path] })).toBeNull();
    // The authority is the right one, but it did not sign for this name.
    expect(await ask(`other.example:${port}`, { certificates: [certs.path] })).toContain(
      `${failed} is valid for 127.0.0.1, localhost, registry.example, not other.example`,
    );
    for (const insecure of [domain, 'registry.example'])
      expect(await ask(domain, { insecure: [insecure] })).toBeNull();
    expect(new Set(named.seen)).toEqual(
      new Set([`CONNECT ${domain} HTTP/1.1`, `CONNECT other.example:${port} HTTP/1.1`]),
    );
  });

  test('is not done without for hosts that are not insecure', async () => {
    await using named = await NamedHosts.start();
    await using registry = await startRegistry();
    const domain = registry.host.replace('127.0.0.1', 'registry.example');
    expect(await asked(domain, {}, named.environment)).toBe(
      `Head "https://${domain}/v2/image/manifests/latest": http: server gave HTTP response to HTTPS client`,
    );
    expect(await asked(domain, { insecure: ['registry.example'] }, named.environment)).toBeNull();
    expect(named.seen.at(-1)).toStartWith(`HEAD http://${domain}/v2/image/manifests/latest `);
    // Loopback is never behind a proxy.
    const before = named.seen.length;
    expect(await asked(registry.host, {}, named.environment)).toBeNull();
    expect(named.seen).toHaveLength(before);
  });

  test('shows a client certificate where one is wanted', async () => {
    using certs = certsDirectory();
    await using registry = await startRegistry({ tls: { clients: true }, certsDir: certs.path });
    expect(await asked(registry.host)).toContain('remote error: tls: ');
    const client = registries({ certificates: [certs.path] });
    const { manifest } = await pushImage(client, { domain: registry.host, path: 'image' });
    const found = await asked(registry.host, { certificates: [join(certs.path, 'none'), certs.path] });
    expect(found).toMatchObject({ digest: manifest.digest });
    rmSync(join(certs.path, registry.host, 'client.key'));
    await expect(asked(registry.host, { certificates: [certs.path] })).rejects.toThrow(
      'missing key client.key for client certificate client.cert. CA certificates must use the extension .crt',
    );
  });
});

const hosts = (text: string) => ({
  at(directory: string, host: string) {
    mkdirSync(join(directory, host), { recursive: true });
    writeFileSync(join(directory, host, 'hosts.toml'), text);
  },
});

describe('mirrors', () => {
  test('are asked first, under their own path, and told for whom', async () => {
    using certs = certsDirectory();
    await using upstream = await startRegistry();
    const { manifest, layer } = await pushImage(registries(), { domain: upstream.host, path: 'team/image' });
    await using cache = await startRegistry({ mirrorOf: upstream.url });
    await using front = await FaultProxy.start(cache.url);
    hosts(
      `server = "http://${upstream.host}"\n[host."${front.url}"]\ncapabilities = ["pull", "resolve"]\n`,
    ).at(certs.path, 'registry.example');
    const client = registries({ certificates: [certs.path] });
    const name = { domain: 'registry.example', path: 'team/image' };
    const repository = client.repository(name, { credentials: anonymous, actions: 'pull' });
    expect(await repository.manifest('latest', never)).toEqual(manifest);
    expect(await repository.hasBlob(layer.digest, never)).toBe(true);
    expect(front.seen.map(({ path }) => path)).toEqual([
      '/v2/team/image/manifests/latest?ns=registry.example',
      `/v2/team/image/blobs/${layer.digest}?ns=registry.example`,
    ]);
  });

  test('that fail in any way are passed over, in the middle of a blob as well; pushes never go there', async () => {
    using certs = certsDirectory();
    await using upstream = await startRegistry();
    await using empty = await startRegistry();
    const { manifest, layer } = await pushImage(registries(), { domain: upstream.host, path: 'image' });
    await using broken = await FaultProxy.start('', (exchange) => exchange.reply(500));
    await using lying = await FaultProxy.start('', (exchange) => exchange.reply(200, {}, '{}'));
    await using half = await FaultProxy.start(upstream.url, (exchange) =>
      exchange.forward({ cutAfter: 500_000 }),
    );
    const pull = (url: string) => `[host."${url}"]\ncapabilities = ["pull", "resolve"]\n`;
    const closed = 'http://127.0.0.1:1';
    const mirrors = [closed, empty.url, broken.url, lying.url, half.url].map(pull).join('');
    hosts(`server = "${upstream.url}"\n${mirrors}`).at(certs.path, 'registry.example');
    const client = registries({ certificates: [certs.path] });
    const name = { domain: 'registry.example', path: 'image' };
    const repository = client.repository(name, { credentials: anonymous, actions: 'pull' });
    expect((await repository.manifest(manifest.digest, never)).digest).toBe(manifest.digest);
    lying.interfere = (exchange) => exchange.reply(404);
    const blob = await repository.blob(layer.digest, { offset: 0, size: layer.size, signal: never });
    const parts: Uint8Array[] = [];
    for await (const chunk of blob.chunks) parts.push(chunk);
    expect(Buffer.concat(parts).equals(layer.bytes)).toBe(true);
    expect(half.requests.filter((request) => request.includes('/blobs/'))).toHaveLength(1);
    const before = [broken, lying, half].map(({ seen }) => seen.length);
    await pushImage(client, { domain: 'registry.example', path: 'pushed' });
    expect([broken, lying, half].map(({ seen }) => seen.length)).toEqual(before);
  });

  test('that nobody answers for are left alone for a minute', async () => {
    using certs = certsDirectory();
    await using upstream = await startRegistry();
    const { manifest } = await pushImage(registries(), { domain: upstream.host, path: 'image' });
    const mirror = await FaultProxy.start('', (exchange) => exchange.cut());
    const { url } = mirror;
    hosts(`server = "${upstream.url}"\n[host."${url}"]\n`).at(certs.path, 'registry.example');
    let now = 0;
    const clock = { ...systemClock, now: () => now };
    const client = registries({ certificates: [certs.path] }, { clock });
    const name = { domain: 'registry.example', path: 'image' };
    const ask = () =>
      client.repository(name, { credentials: anonymous, actions: 'pull' }).manifest('latest', never);
    // One that hangs up is there, and may be better at the next.
    for (const seen of [1, 2]) {
      expect((await ask()).digest).toBe(manifest.digest);
      expect(mirror.seen).toHaveLength(seen);
    }
    await mirror[Symbol.asyncDispose]();
    expect((await ask()).digest).toBe(manifest.digest);
    await using back = await FaultProxy.start(upstream.url, undefined, Number(new URL(url).port));
    expect((await ask()).digest).toBe(manifest.digest);
    expect(back.seen).toHaveLength(0);
    now += 60_000;
    expect((await ask()).digest).toBe(manifest.digest);
    expect(back.seen).toHaveLength(1);
  });

  test('do not get the credentials of the registry', async () => {
    using certs = certsDirectory();
    await using upstream = await startRegistry({
      auth: { kind: 'basic', username: 'alice', password: 'secret' },
    });
    await using mirror = await FaultProxy.start('', (exchange) =>
      exchange.reply(401, { 'www-authenticate': 'Basic realm="give me"' }),
    );
    hosts(`server = "${upstream.url}"\n[host."${mirror.url}"]\ncapabilities = ["pull", "resolve"]\n`).at(
      certs.path,
      'registry.example',
    );
    const client = registries({ certificates: [certs.path] });
    const credentials = { kind: 'basic', username: 'alice', password: 'secret' } as const;
    const name = { domain: 'registry.example', path: 'image' };
    const { manifest } = await pushImage(client, name, credentials);
    const repository = client.repository(name, { credentials, actions: 'pull' });
    expect((await repository.manifest('latest', never)).digest).toBe(manifest.digest);
    expect(mirror.seen.map(({ headers }) => headers.authorization)).toEqual([undefined]);
  });

  test('of docker.io are those of the daemon’s settings', async () => {
    await using upstream = await startRegistry();
    const { manifest } = await pushImage(registries(), { domain: upstream.host, path: 'library/app' });
    await using cache = await startRegistry({ mirrorOf: upstream.url });
    const client = registries({ mirrors: [`${cache.url}/`] });
    const name = { domain: 'docker.io', path: 'library/app' };
    const repository = client.repository(name, { credentials: anonymous, actions: 'pull' });
    expect((await repository.manifest('latest', never)).digest).toBe(manifest.digest);
  });
});
