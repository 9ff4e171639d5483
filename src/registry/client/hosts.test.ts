import { describe, expect, test } from 'bun:test';
import { domainOfAddress } from '../../lib/registry-host.ts';
import { InsecureHosts } from './addresses.ts';
import { proxyFor } from './proxies.ts';

describe('insecure hosts', () => {
  const hosts = new InsecureHosts(['registry.example', 'other.example:5000', '10.1.0.0/16', 'fd00::/8']);

  test('are loopback and those of the settings', () => {
    for (const host of [
      'localhost',
      'localhost:5000',
      '127.0.0.1:5000',
      '127.8.9.1',
      '[::1]:5000',
      'registry.example',
      'Registry.Example:5000',
      'other.example:5000',
      '10.1.2.3:5000',
      '[fd00::1]:5000',
    ])
      expect([host, hosts.has(host)]).toEqual([host, true]);
  });

  test('are not what merely looks like them', () => {
    for (const host of [
      'docker.io',
      'localhost.example',
      '127.0.0.1.example',
      '127.example',
      'other.example',
      'other.example:5001',
      'sub.registry.example',
      '10.2.0.1',
      '[fe80::1]',
    ])
      expect([host, hosts.has(host)]).toEqual([host, false]);
    expect(() => new InsecureHosts(['10.0.0.0/33'])).toThrow('10.0.0.0/33 is not a CIDR');
  });
});

describe('the proxy of a request', () => {
  const environment = {
    HTTPS_PROXY: 'http://user:secret@proxy.example:3128',
    http_proxy: 'plain.example:80',
    NO_PROXY: 'direct.example, .sub.example,10.0.0.0/8,ported.example:5000',
  };
  const proxy = (url: string, variables = environment) => proxyFor(new URL(url), variables);

  test('is chosen by scheme', () => {
    expect(proxy('https://registry.example')).toBe('http://user:secret@proxy.example:3128/');
    expect(proxy('http://registry.example')).toBe('http://plain.example/');
    expect(proxyFor(new URL('https://registry.example'), {})).toBeNull();
  });

  test('is none for loopback and what NO_PROXY exempts', () => {
    for (const host of [
      'localhost:5000',
      '127.0.0.1',
      '[::1]',
      'direct.example',
      'www.direct.example:99',
      'a.sub.example',
      '10.9.8.7',
      'ported.example:5000',
    ])
      expect([host, proxy(`https://${host}/`)]).toEqual([host, null]);
    for (const host of ['sub.example', 'notdirect.example', '11.0.0.1', 'ported.example'])
      expect([host, proxy(`https://${host}/`)]).not.toEqual([host, null]);
    expect(proxy('https://registry.example', { ...environment, NO_PROXY: '*' })).toBeNull();
  });

  test('of a kind we do not speak is an error without its password', () => {
    const variables = { ...environment, HTTPS_PROXY: 'socks5://user:secret@proxy.example' };
    expect(() => proxy('https://registry.example', variables)).toThrow(
      'HTTPS_PROXY does not name an http or https proxy',
    );
  });
});

test('addresses of a login', () => {
  for (const hub of ['', 'https://index.docker.io/v1/', 'index.docker.io'])
    expect(['docker.io', 'index.docker.io']).toContain(domainOfAddress(hub));
  expect(domainOfAddress('https://registry.example:5000/v2/')).toBe('registry.example:5000');
  expect(domainOfAddress('localhost:5000')).toBe('localhost:5000');
});
