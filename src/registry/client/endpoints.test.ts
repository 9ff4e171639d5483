import { describe, expect, test } from 'bun:test';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InsecureHosts } from './addresses.ts';
import { dockerCertificates, registryDirectory } from './certificates.ts';
import { endpointsOf } from './endpoints.ts';
import { parseHostsToml } from './hosts-toml.ts';
import type { Credentials } from './model.ts';

const alice: Credentials = { kind: 'basic', username: 'alice', password: 'x' };

/** Directories with these files, by path. */
function files(contents: Record<string, string>): { path: string } & Disposable {
  const path = mkdtempSync(join(tmpdir(), 'gantry-certs-'));
  for (const [name, text] of Object.entries(contents)) {
    mkdirSync(join(path, name, '..'), { recursive: true });
    writeFileSync(join(path, name), text);
  }
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

const endpoints = (domain: string, certificates: string[] = [], mirrors: string[] = []) =>
  endpointsOf(domain, alice, { insecure: new InsecureHosts([]), mirrors, certificates });

describe('hosts.toml', () => {
  test('has mirrors in their order, then the server', () => {
    const { hosts, server } = parseHostsToml(
      `
      server = "https://registry-1.docker.io"
      [host."https://mirror.example/prefix"]
        capabilities = ["pull", "resolve"]
        ca = ["a.pem", "/abs/b.pem"]
        client = [["c.pem", "c.key"]]
        skip_verify = true
        override_path = true
        [host."https://mirror.example/prefix".header]
          x-one = "1"
          x-two = ["2", "3"]
      [host."second.example:5000"]
        client = "both.pem"
      `,
      '/etc/certs.d/docker.io',
    );
    expect(hosts.map(({ url }) => url.href)).toEqual([
      'https://mirror.example/prefix',
      'https://second.example:5000/',
    ]);
    expect(hosts[0]).toMatchObject({
      capabilities: ['pull', 'resolve'],
      ca: ['/etc/certs.d/docker.io/a.pem', '/abs/b.pem'],
      client: [{ cert: '/etc/certs.d/docker.io/c.pem', key: '/etc/certs.d/docker.io/c.key' }],
      skipVerify: true,
      overridePath: true,
      headers: { 'x-one': '1', 'x-two': '2, 3' },
    });
    expect(hosts[1]).toMatchObject({
      capabilities: ['pull', 'resolve', 'push'],
      client: [{ cert: '/etc/certs.d/docker.io/both.pem', key: null }],
    });
    expect(server.url?.href).toBe('https://registry-1.docker.io/');
  });

  test('that cannot be read says what is wrong', () => {
    for (const [text, words] of [
      ['server = ', 'failed to parse hosts.toml'],
      ['server = 5', 'server is not a string'],
      ['capabilities = ["delete"]', 'unknown capability "delete"'],
      ['skip_verify = "yes"', 'skip_verify is not a boolean'],
      ['server = "https://user:pass@registry.example"', 'may not hold credentials'],
      ['[host."https://"]', 'invalid host'],
      ['host = 3', 'host is not a table'],
      ['[header]\nx = "a\\nb"', 'control characters'],
    ] as const)
      expect(() => parseHostsToml(text, '/x')).toThrow(words);
  });
});

describe('endpoints', () => {
  test('of docker.io are its mirrors and registry-1', () => {
    const { mirrors, server } = endpoints(
      'index.docker.io',
      [],
      ['https://cache.example/', 'cache2.example'],
    );
    expect(server.root.href).toBe('https://registry-1.docker.io/v2');
    expect(server).toMatchObject({ credentials: alice, namespace: null, mayFallBack: false });
    expect(mirrors.map(({ root }) => root.href)).toEqual([
      'https://cache.example/v2',
      'https://cache2.example/v2',
    ]);
    for (const mirror of mirrors)
      expect(mirror).toMatchObject({
        capabilities: ['pull', 'resolve'],
        credentials: { kind: 'anonymous' },
        namespace: 'docker.io',
      });
    expect(endpoints('registry.example', [], ['https://cache.example']).mirrors).toEqual([]);
  });

  test('may be asked over HTTP on loopback only', () => {
    expect(endpoints('localhost:5000').server).toMatchObject({ mayFallBack: true, tls: { verify: false } });
    expect(endpoints('registry.example').server).toMatchObject({ mayFallBack: false, tls: { verify: true } });
  });

  test('have the paths and the credentials that hosts.toml gives them', () => {
    using certs = files({
      'registry.example/hosts.toml': `
        [host."https://mirror.example/v2/prefix"]
          override_path = true
        [host."https://mirror.example/under"]
        [host."https://registry.example"]
        `,
    });
    const { mirrors, server } = endpoints('registry.example', [certs.path]);
    expect(
      mirrors.map(({ root, credentials, namespace }) => [root.href, credentials.kind, namespace]),
    ).toEqual([
      ['https://mirror.example/v2/prefix', 'anonymous', 'registry.example'],
      ['https://mirror.example/under/v2', 'anonymous', 'registry.example'],
      ['https://registry.example/v2', 'basic', null],
    ]);
    expect(server).toMatchObject({ credentials: alice, namespace: null });
    expect(server.root.href).toBe('https://registry.example/v2');
  });

  test('refuse addresses that are none', () => {
    for (const mirror of ['ftp://mirror.example', 'https://user:pass@mirror.example', 'https://'])
      expect(() => endpoints('docker.io', [], [mirror])).toThrow('invalid registry address');
  });
});

describe('certs.d', () => {
  test('is looked through in order, with containerd’s names and _default', () => {
    using one = files({ 'a.example/x': '', '_default/x': '' });
    using two = files({ 'a.example/x': '', 'b.example_5000_/x': '', 'c.example:5000/x': '' });
    const found = (host: string) => registryDirectory([one.path, two.path], host);
    expect(found('a.example')).toBe(join(one.path, 'a.example'));
    expect(found('b.example:5000')).toBe(join(two.path, 'b.example_5000_'));
    expect(found('c.example:5000')).toBe(join(two.path, 'c.example:5000'));
    expect(found('d.example')).toBe(join(one.path, '_default'));
    for (const hostile of ['..', '../a.example', 'a.example/..', '']) expect(found(hostile)).toBeNull();
    expect(registryDirectory([two.path], 'd.example')).toBeNull();
  });

  test('in Docker’s layout has pairs', () => {
    using good = files({ 'one.crt': 'CA1', 'two.crt': 'CA2', 'client.cert': 'CERT', 'client.key': 'KEY' });
    expect(dockerCertificates(good.path)).toEqual({
      ca: ['CA1', 'CA2'],
      client: { cert: 'CERT', key: 'KEY' },
    });
    using noKey = files({ 'client.cert': '' });
    expect(() => dockerCertificates(noKey.path)).toThrow(
      'missing key client.key for client certificate client.cert. CA certificates must use the extension .crt',
    );
    using noCert = files({ 'client.key': '' });
    expect(() => dockerCertificates(noCert.path)).toThrow(
      'missing client certificate client.cert for key client.key',
    );
  });
});
